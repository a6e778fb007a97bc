import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "laws",
    deadline=None,
    max_examples=int(os.environ.get("LAWS", "100")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("laws")
