package cli

import (
	"fmt"

	"github.com/spf13/pflag"
)

// The forms of output, the same for every verb.
const (
	outputTable = "table"
	outputJSON  = "json"
)

// addOutput adds -o, whose value [checkOutput] judges.
func addOutput(flags *pflag.FlagSet, into *string) {
	flags.StringVarP(into, "output", "o", outputTable, "`FORMAT` of the output: table or json")
}

func checkOutput(format string) error {
	if format != outputTable && format != outputJSON {
		return fmt.Errorf("output format %q: must be %s or %s", format, outputTable, outputJSON)
	}
	return nil
}
