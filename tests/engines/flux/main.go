// What Flux's controllers and its command line do with a folder, by the libraries that they are made of.
package main

import (
	"context"
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(context.Context, []string) error{
		"build": build,
		"push":  push,
		"pull":  pull,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: flux build KUSTOMIZATION FOLDER | push URL FOLDER SOURCE REVISION | pull URL FOLDER")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](context.Background(), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
