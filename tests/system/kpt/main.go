// The `kpt fn` commands of the published kpt module, as a program.
//
// `go install github.com/kptdev/kpt` cannot build kpt: its `alpha rollouts` command needs a module that is not published.
// The function commands do not need it. This program sets up the root command and reports errors as kpt's main does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/kptdev/kpt/commands/fn"
	kpterrors "github.com/kptdev/kpt/pkg/lib/errors"
	"github.com/kptdev/kpt/pkg/lib/errors/resolver"
	"github.com/kptdev/kpt/pkg/printer"
	"github.com/spf13/cobra"
)

func main() {
	root := &cobra.Command{Use: "kpt", SilenceUsage: true, SilenceErrors: true}
	root.PersistentFlags().BoolVar(&printer.TruncateOutput, "truncate-output", true, "Enable the truncation for output")
	ctx := printer.WithContext(context.Background(), printer.New(root.OutOrStdout(), root.ErrOrStderr()))
	root.AddCommand(fn.GetCommand(ctx, "kpt"))
	if err := root.Execute(); err != nil {
		os.Exit(report(err))
	}
}

// report prints *err* as kpt prints it and returns the exit status.
func report(err error) int {
	if resolved, ok := resolver.ResolveError(err); ok {
		fmt.Fprintf(os.Stderr, "%s \n", resolved.Message)
		return resolved.ExitCode
	}
	var kptError *kpterrors.Error
	if errors.As(err, &kptError) {
		if unwrapped, ok := kpterrors.UnwrapErrors(kptError); ok {
			fmt.Fprintf(os.Stderr, "Error: %s \n", unwrapped.Error())
			return 1
		}
	}
	fmt.Fprintf(os.Stderr, "error: %v\n", err)
	return 1
}
