package input

import (
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/verb"
)

func TestServing(t *testing.T) {
	for _, address := range []string{":8080", "127.0.0.1:0", "[::1]:8080", "localhost:65535"} {
		o, err := resolve(t, verb.List, []string{"--serve", address, "--totals=berth/sweep-totals"}, nil, Defaults{})
		if err != nil || o.Serve != address {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"--serve=8080"}, `--serve "8080": give host:port`},
		{[]string{"--serve=:http"}, "give host:port"},
		{[]string{"--serve=:65536"}, "give host:port"},
		{[]string{"--serve=:-1"}, "give host:port"},
		{[]string{"--serve=:+80"}, "give host:port"},
		{[]string{"--serve=http://a:80"}, "give host:port"},
		{[]string{"--serve=a b:80"}, "give host:port"},
		{[]string{"--serve=:80", "--output=json"}, "--serve: it serves every form"},
		{[]string{"--totals=berth/sweeps"}, "--totals: only a served list shows them"},
		{[]string{"--serve=:80", "--totals=sweeps"}, "give NAMESPACE/NAME"},
		{[]string{"--serve=:80", "--totals=a/b/c"}, "give NAMESPACE/NAME"},
		{[]string{"--serve=:80", "--totals=../b"}, "give NAMESPACE/NAME"},
	} {
		if _, err := resolve(t, verb.List, tt.args, nil, Defaults{}); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v", tt.args, err)
		}
	}
	if o, err := resolve(t, verb.Sweep, []string{"--repository=acme/shop", "--totals=berth/sweep-totals"}, nil, Defaults{}); err != nil {
		t.Error(err)
	} else if namespace, name := o.TotalsName(); namespace != "berth" || name != "sweep-totals" {
		t.Errorf("%s, %s", namespace, name)
	}
}
