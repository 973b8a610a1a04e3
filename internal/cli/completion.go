package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
)

// CompletionProgram is the name under which kubectl calls a program to complete what
// follows `kubectl registry-failover`. It is the same program, by a link.
const CompletionProgram = "kubectl_complete-registry_failover"

// Arguments are those for [Run] of a process with the arguments argv, whose first
// is the program's name.
func Arguments(argv []string) []string {
	if strings.TrimSuffix(filepath.Base(argv[0]), ".exe") == CompletionProgram {
		return append([]string{cobra.ShellCompRequestCmd}, argv[1:]...)
	}
	return argv[1:]
}

const completionLong = `Print a script that completes verbs, flags and live names of kubectl-registry_failover:
endpoints, words of the switch, namespaces and nodes, as the cluster of your kubeconfig
has them, or the file of --config.

Of what follows "kubectl registry-failover", kubectl asks a program that stands beside
the plugin under the name ` + CompletionProgram + `. The plugin is
that program, too, when it is called so: make a link.`

const completionExample = `  # For kubectl registry-failover, where kubectl itself is completed
  ln -s "$(command -v kubectl-registry_failover)" \
    "$(dirname "$(command -v kubectl-registry_failover)")/` + CompletionProgram + `"

  # For kubectl-registry_failover, in this shell
  source <(kubectl registry-failover completion bash)`

// completionScripts write one for the program's own name.
var completionScripts = map[string]func(*cobra.Command) error{
	"bash":       func(root *cobra.Command) error { return root.GenBashCompletionV2(root.OutOrStdout(), true) },
	"zsh":        func(root *cobra.Command) error { return root.GenZshCompletion(root.OutOrStdout()) },
	"fish":       func(root *cobra.Command) error { return root.GenFishCompletion(root.OutOrStdout(), true) },
	"powershell": func(root *cobra.Command) error { return root.GenPowerShellCompletionWithDesc(root.OutOrStdout()) },
}

func newCompletion() *cobra.Command {
	shells := []string{"bash", "zsh", "fish", "powershell"}
	return &cobra.Command{
		Use:                   "completion (" + strings.Join(shells, " | ") + ")",
		Short:                 "Print a script that completes commands in a shell",
		Long:                  completionLong,
		Example:               completionExample,
		DisableFlagsInUseLine: true,
		ValidArgs:             shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 || completionScripts[args[0]] == nil {
				return fmt.Errorf("completion needs one shell of %s", strings.Join(shells, ", "))
			}
			if err := completionScripts[args[0]](cmd.Root()); err != nil {
				return fmt.Errorf("the output can't be written: %w", err)
			}
			return nil
		},
	}
}
