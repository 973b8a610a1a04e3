// Command controller holds the programs that run when the product is uninstalled.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case "uninstall":
			os.Exit(uninstall(os.Args[2:]))
		case "cleanup":
			os.Exit(cleanup(os.Args[2:]))
		}
	}
	fmt.Fprintln(os.Stderr, "controller: write controller uninstall or controller cleanup")
	os.Exit(2)
}
