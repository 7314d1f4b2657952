package chart

import (
	"bytes"
	"fmt"
	"strings"

	helmchart "helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chartutil"
)

// checkForm refuses a chart, or a dependency of it, of an apiVersion that Helm 3 does
// not know and takes for v1 in silence, and one whose values.yaml is several documents.
func checkForm(c *helmchart.Chart) error {
	if v := c.Metadata.APIVersion; v != helmchart.APIVersionV1 && v != helmchart.APIVersionV2 {
		return fmt.Errorf("%s/Chart.yaml has the apiVersion %q; there are v1 and v2", c.ChartFullPath(), sanitize(v))
	}
	for _, f := range c.Raw {
		if f.Name != chartutil.ValuesfileName {
			continue
		}
		if _, err := onlyDocument(f.Data); err != nil {
			return fmt.Errorf("%s/%s: %w", c.ChartFullPath(), f.Name, err)
		}
	}
	for _, dependency := range c.Dependencies() {
		if err := checkForm(dependency); err != nil {
			return err
		}
	}
	return nil
}

// onlyDocument returns the one YAML document of a file of values that holds anything,
// with the lines of the others blank, so that an error names the file's own line. It
// refuses a second one: which of them counts depends on the version of Helm.
//
// At the beginning of a line, --- and ... are markers wherever they stand: YAML allows
// them in no text.
func onlyDocument(data []byte) ([]byte, error) {
	lines := bytes.SplitAfter(data, []byte("\n"))
	first, holds, found := 0, false, false // of the document that is being read, and whether one was found before
	only := make([][]byte, len(lines))
	blank := func(from, to int) {
		for i := from; i < to; i++ {
			only[i] = []byte("\n")
		}
	}
	end := func(to int) {
		if !holds {
			blank(first, to)
		}
		first, found, holds = to, found || holds, false
	}
	for i, line := range lines {
		marker, rest := documentMarker(line)
		if marker {
			end(i)
		}
		only[i] = line
		if text := strings.TrimSpace(string(rest)); text == "" || text[0] == '#' || text[0] == '%' && !holds {
			continue
		}
		if found {
			return nil, fmt.Errorf("line %d begins a second document of it", i+1)
		}
		holds = true
	}
	end(len(lines))
	return bytes.Join(only, nil), nil
}

// documentMarker returns whether a line begins or ends a document, and what of the
// line belongs to the document.
func documentMarker(line []byte) (marker bool, rest []byte) {
	for _, mark := range []string{"---", "..."} {
		if after, ok := bytes.CutPrefix(line, []byte(mark)); ok && (len(after) == 0 || bytes.ContainsAny(after[:1], " \t\r\n")) {
			return true, after
		}
	}
	return false, line
}
