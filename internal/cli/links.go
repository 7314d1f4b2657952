package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/berth-dev/berth/internal/helm/chart"
	"github.com/berth-dev/berth/internal/input"
)

// checkLinks refuses paths of credentials, and of the report, that links of the checkout
// lead out of it: whoever may change the branch would choose among the machine's own. Those
// of the chart and its values are looked at when they are read.
func (p Process) checkLinks(o *input.Options) error {
	var errs []error
	kubeconfig := ""
	if !o.Kubeconfig.Given() && o.KubeAPIServer == "" {
		kubeconfig = p.getenv("KUBECONFIG") // which may be content as well; no link is called so
	}
	for _, given := range []struct{ input, paths string }{
		{"kubeconfig", o.Kubeconfig.Path}, {"$KUBECONFIG", kubeconfig}, {"kube-ca", o.KubeCA.Path}, {"ca-file", o.CAFile},
		{"registry-config", o.RegistryConfig}, {"report-dir", existing(o.ReportDir)},
	} {
		for _, path := range filepath.SplitList(given.paths) {
			if err := chart.CheckLinks(path); err != nil {
				errs = append(errs, fmt.Errorf("%s: %s: %w; give where it leads as a path that begins with /", given.input, path, err))
			}
		}
	}
	return errors.Join(errs...)
}

// existing returns a folder, or the one nearest above it that is there: the others are
// made in that. It leaves .. in the path, which is above where a link leads.
func existing(folder string) string {
	for at := folder; at != ""; {
		if _, err := os.Lstat(at); err == nil {
			return at
		}
		at = strings.TrimRight(at, "/")
		at = at[:strings.LastIndexByte(at, '/')+1]
	}
	return ""
}
