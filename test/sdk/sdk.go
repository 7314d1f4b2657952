// Sdk is a program that could install a chart and does nothing. What it takes to
// start, nobody who stands on Helm's library can save: most of it is the library's
// own tables. `make bench` shows it beside Berth.
package main

import (
	"os"

	"helm.sh/helm/v3/pkg/action"

	_ "github.com/berth-dev/berth/internal/startup"
)

func main() {
	if len(os.Args) == 2 {
		return // as `berth version` does
	}
	// Else the linker would leave most of the library out.
	_, _ = action.NewInstall(&action.Configuration{}).Run(nil, nil)
}
