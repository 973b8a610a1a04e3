package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/registry-failover/registry-failover/internal/diagnostics"
)

// The exit codes, the same for every verb and every output format.
const (
	exitFine = 0
	// exitFailed: something was looked at and isn't as it should be.
	exitFailed = 1
	// exitNotRun: wrong usage, or what was asked for could not be done.
	exitNotRun = 2
	// exitTimedOut: a time that was set has run out.
	exitTimedOut = 3
)

// Run executes the plugin with the arguments that follow the program's name
// and returns the exit code. A read from stdin is not interrupted when ctx ends.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		say(stderr, "a verb is missing: see kubectl registry-failover --help")
		return exitNotRun
	}
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(stdin)
	painted := newPainter(stdout)
	root.SetOut(painted)
	root.PersistentFlags().BoolFunc("no-color", "write marks without colours, which only a terminal gets", func(value string) error {
		off, err := strconv.ParseBool(value)
		painted.plain = painted.plain || off
		return err
	})
	root.SetErr(stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		say(stderr, err.Error())
		if verdict, ok := errors.AsType[verdict](err); ok {
			return verdict.code
		}
		if isTimeout(err) {
			return exitTimedOut
		}
		return exitNotRun
	}
	return exitFine
}

// verdict is the sentence of a verb that could do what it was asked for, and has
// an exit code to tell of it.
type verdict struct {
	code     int
	sentence string
}

func (v verdict) Error() string { return v.sentence }

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-registry_failover",
		Short: "Fail over pulls between instances of Alibaba Cloud Container Registry",
		// kubectl starts the program under this name, and a direct call means the same.
		Annotations:        map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl registry-failover"},
		Version:            diagnostics.Version(),
		SilenceErrors:      true,
		SilenceUsage:       true,
		DisableSuggestions: true, // an error is one sentence
		CompletionOptions:  cobra.CompletionOptions{DisableDefaultCmd: true},
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: see %s --help", err, cmd.CommandPath())
	})
	root.AddCommand(newCheck(), newCompletion(), newCoreDNS(), newDrill(), newExplain(), newFailback(), newFailover(), newSetup(), newStatus(), newVersion())
	root.SetHelpCommand(newHelp())
	completeLive(root)
	return root
}

// newHelp takes the place of cobra's own, for which an unknown verb is no error.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(cmd *cobra.Command, args []string) error {
			verb, further, err := cmd.Root().Find(args)
			if err != nil {
				return err
			}
			if len(further) > 0 {
				return fmt.Errorf("unknown command %q for %q", further[0], verb.CommandPath())
			}
			verb.InitDefaultHelpFlag() // without these two the help leaves the flags out
			verb.InitDefaultVersionFlag()
			return verb.Help()
		},
	}
}

// say writes lines for people.
func say(stderr io.Writer, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintln(stderr, escape(line))
	}
}
