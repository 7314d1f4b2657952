//go:build bench

package bench

import (
	"debug/buildinfo"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/berth-dev/berth/test/kubetest"
)

const chart = "testdata/app"

// release is the name of every release.
const release = "web"

// The tools, as the results and the document call them.
const (
	berth = "Berth"
	helm3 = "Helm 3"
	helm4 = "Helm 4"
	// library can only start: see test/sdk.
	library = "Helm's library alone"
)

var names = []string{berth, helm3, helm4}

// tool is one way to bring the chart onto the cluster, with a user and a way to
// the API server of its own, so that its requests can be told from the others'.
type tool struct {
	name       string
	binary     string
	version    string
	user       string // in the audit log
	relay      *relay
	kubeconfig string // of the user, through the relay
}

// newTools makes the tools and their users, who may do anything, as many CI
// jobs do: what a permission costs is not what is measured here.
func newTools(t *testing.T, c *kubetest.Cluster) []*tool {
	t.Helper()
	binaries := map[string]string{berth: variable(t, "BERTH_TEST_BIN"), helm3: kubetest.Helm(t, 3), helm4: kubetest.Helm(t, 4)}
	namespace := c.Namespace(t)
	var tools []*tool
	for _, name := range names {
		account := c.ServiceAccount(t, namespace, strings.ToLower(strings.ReplaceAll(name, " ", "")))
		account.GrantCluster(t, rbacv1.PolicyRule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}})
		way := newRelay(t, account.Config.Host)
		tools = append(tools, &tool{
			name: name, binary: binaries[name], version: version(t, name, binaries[name]),
			user: account.User, relay: way, kubeconfig: way.kubeconfig(t, account.Kubeconfig),
		})
	}
	return tools
}

// deploy are the arguments that install or upgrade the release and wait for it;
// a timeout of 0 is the tool's own.
func (o *tool) deploy(namespace string, values []string, timeout time.Duration) []string {
	args := []string{"upgrade", "--install", "--wait", "--create-namespace", release, chart, "--namespace", namespace}
	if o.name == berth {
		args = []string{"deploy", "--chart", chart, "--namespace", namespace, "--release", release,
			"--repository", "acme/shop", "--branch", "bench"}
	}
	for _, value := range values {
		args = append(args, "--set", value)
	}
	if timeout > 0 {
		args = append(args, "--timeout", timeout.String())
	}
	return args
}

// version is what the document calls the binary.
func version(t *testing.T, name, binary string) string {
	t.Helper()
	if name == berth {
		out, err := exec.CommandContext(t.Context(), binary, "version").Output()
		if err != nil {
			t.Fatalf("%s version: %v", binary, err)
		}
		return strings.TrimSpace(string(out))
	}
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		t.Fatalf("reading what %s was built from: %v", binary, err)
	}
	return info.Main.Version
}

func variable(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Fatalf("%s is not set: run `make bench`, which builds what it names", name)
	}
	return value
}
