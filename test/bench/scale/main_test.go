//go:build bench

// Package scale measures Berth with many review apps, beside Helm's command lines and a shell
// that asks each app: what a list, a dry run and the verbs of one app take, and how long it is
// until many apps are gone. It prints its results as tables in Markdown.
package scale

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

var (
	appsFlag  = flag.String("apps", "200,2000,10000", "how many review apps there are, one size after the other")
	shared    = flag.Bool("shared", false, "the apps share a namespace; else each has its own")
	revisions = flag.Int("revisions", 1, "how many records each app has")
	results   = flag.String("results", "", "the file to which the tables are appended")
)

// The programs, as the Makefile names them.
var (
	berth = os.Getenv("BERTH_TEST_BIN")
	helm3 = os.Getenv("BERTH_TEST_HELM3")
	helm4 = os.Getenv("BERTH_TEST_HELM4")
)

// chart has three objects, and no pods unless it is told to.
const chart = "testdata/app"

// plane is the control plane that is measured with.
type plane struct {
	kubeconfig string
	config     *rest.Config
	client     kubernetes.Interface
}

func connect(t *testing.T) plane {
	t.Helper()
	kubeconfig := os.Getenv("KUBECONFIG")
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(t, err)
	config.QPS = -1
	config.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(config)
	must(t, err)
	return plane{kubeconfig, config, client}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// sizes are the numbers of apps that are measured with, ascending.
func sizes(t *testing.T) (all []int) {
	t.Helper()
	for part := range strings.SplitSeq(*appsFlag, ",") {
		n, err := strconv.Atoi(part)
		if err != nil || n < 20 || len(all) > 0 && n <= all[len(all)-1] {
			t.Fatalf("-apps %q: give numbers from 20 on, ascending, with commas between them", *appsFlag)
		}
		all = append(all, n)
	}
	return all
}

// where says what was measured with.
func where() string {
	load, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(load), " ")
	return fmt.Sprintf("%s, %d cores, a load of %s by the end", time.Now().UTC().Format("2006-01-02 15:04"), runtime.NumCPU(), one)
}

// write logs a part of the results and appends it to their file.
func write(t *testing.T, text string) {
	t.Helper()
	t.Log("\n" + text)
	if *results == "" {
		return
	}
	f, err := os.OpenFile(*results, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	must(t, err)
	defer f.Close()
	_, err = f.WriteString(text + "\n")
	must(t, err)
}
