// CPython 3.14 as WebAssembly (Pyodide), used as a command: node interpreter.mjs CHECKOUT PACKAGES PROGRAM ARGUMENT...
//
// It runs the Python file PROGRAM with the arguments; its exit status is the program's. The program sees the files of
// CHECKOUT under their own paths and imports from the folder PACKAGES, which is inside CHECKOUT and lies next to
// `node_modules`. It has no processes, no threads and no network, and files outside CHECKOUT are in memory only.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const PROGRAM = `
import os, runpy, sys, traceback

def run():
    sys.argv[:] = [str(part) for part in command]
    sys.path.insert(0, packages)
    try:
        runpy.run_path(sys.argv[0], run_name="__main__")
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0

run()
`;

const [checkout, packages, program, ...args] = process.argv.slice(2);
const root = path.resolve(checkout);
const require = createRequire(path.join(path.resolve(packages), "..", "package.json"));
const { loadPyodide } = await import(pathToFileURL(require.resolve("pyodide/pyodide.mjs")).href);
const python = await loadPyodide({
  env: { HOME: "/home", LANG: "C.UTF-8", PYTHONDONTWRITEBYTECODE: "1", ...pick("CI", "LAWS") },
});
python.setStdout({ write: (bytes) => fs.writeSync(1, bytes) });
python.setStderr({ write: (bytes) => fs.writeSync(2, bytes) });
python.FS.mkdirTree(root);
python.FS.mount(python.FS.filesystems.NODEFS, { root }, root);
python.FS.chdir(root);
python.globals.set("packages", path.resolve(packages));
python.globals.set("command", python.toPy([path.resolve(program), ...args]));
process.exitCode = python.runPython(PROGRAM);

function pick(...names) {
  return Object.fromEntries(names.filter((name) => name in process.env).map((name) => [name, process.env[name]]));
}
