// Command demo shows Berth at work to somebody who has never seen it: a review
// app is deployed, a release is stuck the way of
// https://github.com/helm/helm/issues/13189, found, explained, healed, and all
// of it is taken down. Every step proves what it tells and fails when that is
// not so, which makes the demo a test as well.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	which := flags.String("cluster", "embedded", "embedded: the one that `bin/cluster run` started; "+
		"current: that of the kubeconfig's current context")
	berth := flags.String("berth", "bin/berth", "Berth's binary")
	examples := flags.String("examples", "examples", "folder of the example chart")
	if err := flags.Parse(args); err != nil {
		return 64
	}
	s := newScreen(os.Stdout, os.Getenv)
	if *which != "embedded" && *which != "current" {
		s.failed(fmt.Errorf("CLUSTER=%s: it is embedded or current", *which))
		return 64
	}
	// Not forwarded to Berth by the terminal: perform tells it once.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	err := present(ctx, s, options{which: *which, berth: *berth, examples: *examples})
	if err == nil {
		return 0
	}
	s.failed(err)
	if ctx.Err() != nil {
		return 130
	}
	return 1
}

// present runs the steps and takes away whatever they leave, also when one
// fails or the user interrupts.
func present(ctx context.Context, s *screen, o options) (err error) {
	began := time.Now()
	d, err := newDemo(s, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.cleanUp(context.WithoutCancel(ctx))) }()
	d.introduce()
	for i, step := range steps {
		s.step(i+1, len(steps), step.title, step.about)
		if err := step.play(ctx, d); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("interrupted in step %d", i+1)
			}
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	s.title("What you saw")
	for i, step := range steps {
		s.item(i+1, step.saw)
	}
	s.say("It took %s, and nothing of it is left. Next: README.md for a pipeline of your own, bin/berth --help for the verbs.",
		seconds(time.Since(began)))
	return nil
}

// options are where things are.
type options struct{ which, berth, examples string }

// demo is what the steps share.
type demo struct {
	*screen
	options
	cluster *cluster
	dir     string // scratch: reports, kubeconfigs, Helm's cache
	runs    int    // of Berth, each with a report of its own
	app     string // the namespace that Berth makes for the review app
	stuck   tenant // where Helm's own release gets stuck
	before  pods   // its pods before the repair
	summary string // the repair's job summary
}

// tenant is a namespace with an account that deploys to it.
type tenant struct {
	namespace string
	account   *account
}

func newDemo(s *screen, o options) (*demo, error) {
	c, err := connect(o.which)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "berth-demo-")
	if err != nil {
		return nil, fmt.Errorf("making a scratch folder: %w", err)
	}
	return &demo{screen: s, options: o, cluster: c, dir: dir, app: c.prefix}, nil
}

func (d *demo) introduce() {
	d.title("Berth: every branch gets a berth")
	switch d.which {
	case "embedded":
		d.say("A real Kubernetes API server, scheduler and controllers run on this machine for the demo; " +
			"only the containers are simulated. It goes when the demo ends.")
	case "current":
		d.say("This uses the context %q of your kubeconfig, at %s.", d.cluster.context, d.cluster.config.Host)
	}
	d.say("Everything happens in namespaces of the demo's own, %s*, which are deleted at the end, also after an error or Ctrl-C.",
		d.cluster.prefix)
}

// cleanUp deletes what is still there, and the scratch folder.
func (d *demo) cleanUp(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	left, err := d.cluster.deleteNamespaces(ctx)
	if len(left) > 0 && err == nil {
		d.say("Cleaned up; deleted: %s.", strings.Join(left, ", "))
	}
	return errors.Join(err, os.RemoveAll(d.dir))
}

func seconds(t time.Duration) string { return fmt.Sprintf("%.1f s", t.Seconds()) }
