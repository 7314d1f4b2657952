package chart

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	helmchart "helm.sh/helm/v3/pkg/chart"
)

const (
	// schemaRoot is what the validator calls values.schema.json, as with Helm.
	schemaRoot    = "file:///values.schema.json"
	schemaTimeout = 15 * time.Second // as Helm has it
)

// errSchemaFile says why no other file is read for a schema.
var errSchemaFile = errors.New("a schema may refer to its own parts and to addresses, and not to files of this machine")

// schemaLoader loads what the schemas of one chart refer to. It sends no credentials.
type schemaLoader struct {
	ctx    context.Context
	client *http.Client
	left   int64 // how many bytes may still be read, of all answers together
}

// newSchemaLoader returns a loader whose requests end with ctx.
func newSchemaLoader(ctx context.Context) *schemaLoader {
	config, _ := Source{}.tlsConfig() // fails for a CAFile alone
	base := newTransport(ctx, config)
	return &schemaLoader{ctx: ctx, left: maxInput, client: &http.Client{
		Transport: contextTransport{ctx: ctx, next: base}, Timeout: schemaTimeout, CheckRedirect: checkRedirect,
	}}
}

// validate holds values against the schemas of a chart and of its dependencies, and reports
// what does not fit as Helm does. Helm's own reads whatever a $ref names: any file of the
// machine, whose content its errors then tell, and an answer without end.
func (l *schemaLoader) validate(c *helmchart.Chart, values map[string]any) error {
	var report strings.Builder
	if c.Schema != nil {
		if err := l.validateOne(c.Schema, values); err != nil {
			fmt.Fprintf(&report, "%s:\n%s\n", c.Name(), err)
		}
	}
	for _, dependency := range c.Dependencies() {
		switch its := values[dependency.Name()].(type) {
		case nil:
		case map[string]any:
			if err := l.validate(dependency, its); err != nil {
				report.WriteString(err.Error())
			}
		default:
			fmt.Fprintf(&report, "%s:\ninvalid type for values: expected object (map), got %T\n", dependency.Name(), its)
		}
	}
	if report.Len() == 0 {
		return nil
	}
	return errors.New(report.String())
}

func (l *schemaLoader) validateOne(text []byte, values map[string]any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("unable to validate schema: %v", r)
		}
	}()
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return err
	}
	compiler := jsonschema.NewCompiler()
	compiler.UseLoader(l)
	if err := compiler.AddResource(schemaRoot, schema); err != nil {
		return err
	}
	compiled, err := compiler.Compile(schemaRoot)
	if err != nil {
		return err
	}
	if values == nil {
		values = map[string]any{}
	}
	if err := compiled.Validate(values); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "jsonschema validation failed with '"+schemaRoot+"#'\n"))
	}
	return nil
}

// Load implements jsonschema.URLLoader. As with Helm, a URN stands for a schema that
// everything fits.
func (l *schemaLoader) Load(address string) (any, error) {
	switch scheme, _, _ := strings.Cut(address, ":"); {
	case strings.EqualFold(scheme, "urn"):
		return true, nil
	case !isHTTP(address):
		return nil, errSchemaFile
	}
	req, err := http.NewRequestWithContext(l.ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", userAgent)
	resp, err := l.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("HTTP request failed for %s: %w", address, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("HTTP request to %s returned status %d (%s)", address, resp.StatusCode, http.StatusText(resp.StatusCode))
	}
	data, err := readAll(resp.Body, "what the schemas refer to", l.left)
	if err != nil {
		return nil, err
	}
	l.left -= int64(len(data))
	return jsonschema.UnmarshalJSON(bytes.NewReader(data))
}
