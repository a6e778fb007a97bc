"""How a program without memory ends, in the words of Go's runtime, which does not check all of its allocations."""

import pytest
from bulkhead.io.programs import ProgramError, run_program

pytestmark = pytest.mark.native

ENDS = (
    "runtime: out of memory: cannot allocate 4194304-byte block",
    "runtime/cgo: pthread_create failed: Resource temporarily unavailable",
    "SIGSEGV: segmentation violation\nPC=0x79befd m=4 sigcode=1 addr=0x0\n\ngoroutine 0 gp=0x2c0a28165860 m=4 [idle]:",
)


@pytest.mark.parametrize("said", ENDS)
def test_a_runtime_without_memory_is_known(said: str) -> None:
    with pytest.raises(ProgramError, match="needs more memory than it may use"):
        run_program(["/bin/sh", "-c", 'printf "%s" "$1" >&2; exit 2', "sh", said], {})


def test_a_panic_of_the_program_itself_is_no_lack_of_memory() -> None:
    said = "panic: runtime error: index out of range\n\ngoroutine 1 gp=0x1 m=0 mp=0x2 [running]:\nmain.main()"
    assert run_program(["/bin/sh", "-c", 'printf "%s" "$1" >&2; exit 2', "sh", said], {}).status == 2
