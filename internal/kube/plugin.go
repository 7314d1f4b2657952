package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"golang.org/x/term"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/client-go/util/connrotation"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/secrets"
	"github.com/berth-dev/berth/internal/text"
)

const (
	// pluginPause is how long a plugin that failed is not run again, and how old the
	// credentials have to be that it is run for once the API server refuses them.
	pluginPause = 30 * time.Second
	// secondTry is how long after a failure a plugin is tried once more.
	secondTry = 500 * time.Millisecond
	// maxCredentials bounds what a plugin may print as its answer, and maxComplaint
	// what is kept of what it prints beside it.
	maxCredentials = 1 << 20
	maxComplaint   = 4 << 10
)

// plugin runs a kubeconfig's credential plugin, and puts what it gives on requests, as
// client-go does. client-go's own runs one that fails again for each request, waits for
// one that hangs without end, keeps whatever it prints, and passes its messages on to
// the log of the CI, where they can be commands.
type plugin struct {
	config  *clientcmdapi.ExecConfig
	api     pluginAPI
	limit   time.Duration // of one run
	log     func(format string, args ...any)
	hide    func(secrets ...string) // takes the tokens, to be masked
	tracker *connrotation.ConnectionTracker

	mu       sync.Mutex
	current  *pluginCredentials // nil while there are none
	failure  error
	failedAt time.Time
	renewed  bool // fresh credentials were refused before
	under    *pluginRun
}

// pluginRun is a run of the plugin, which ends when nobody waits for it any more.
type pluginRun struct {
	waiting int
	cancel  context.CancelFunc
	done    chan struct{} // closed at its end, before which nobody reads what came of it
	given   *pluginCredentials
	failure error // neither: it was ended
}

// pluginCredentials are what a plugin gave.
type pluginCredentials struct {
	token   string
	key     string           // of the certificate, to be masked
	cert    *tls.Certificate // nil for none
	given   time.Time
	expires time.Time // zero: never
}

// credentials returns what the plugin gave, and runs it where that is too old. All that
// wait are served by one run, and by one failure.
func (p *plugin) credentials(ctx context.Context) (*pluginCredentials, error) {
	for {
		given, run, err := p.known()
		if given != nil || err != nil {
			return given, err
		}
		select {
		case <-run.done:
			if run.given != nil || run.failure != nil {
				return run.given, run.failure
			}
		case <-ctx.Done():
			p.leave(run)
			return nil, context.Cause(ctx)
		}
	}
}

// known returns the credentials that there are, why there are none, or the run to wait
// for.
func (p *plugin) known() (*pluginCredentials, *pluginRun, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	switch {
	case p.current != nil && (p.current.expires.IsZero() || now.Before(p.current.expires)):
		return p.current, nil, nil
	case p.failure != nil && now.Sub(p.failedAt) < pluginPause:
		return nil, nil, p.failure
	}
	if p.under == nil {
		ctx, cancel := context.WithCancel(context.Background())
		p.under = &pluginRun{cancel: cancel, done: make(chan struct{})}
		go p.renew(ctx, p.under)
	}
	p.under.waiting++
	return nil, p.under, nil
}

// leave ends a run that nobody waits for any more.
func (p *plugin) leave(run *pluginRun) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if run.waiting--; run.waiting == 0 {
		run.cancel()
	}
}

// renew runs the plugin, and once more where it fails.
func (p *plugin) renew(ctx context.Context, run *pluginRun) {
	defer close(run.done)
	defer run.cancel()
	given, err := p.run(ctx)
	if err != nil && !errors.Is(err, errPluginHangs) && ctx.Err() == nil {
		p.log("the credential plugin %s is tried once more: %v", p.config.Command, err)
		select {
		case <-ctx.Done():
		case <-time.After(secondTry):
			given, err = p.run(ctx)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.under = nil
	switch {
	case err == nil:
		if p.current != nil && p.current.cert != nil {
			p.tracker.CloseAll() // connections show the old certificate
		}
		p.current, p.failure, run.given = given, nil, given
	case ctx.Err() == nil:
		p.failure = &apifailure.CredentialPluginError{Plugin: p.config.Command, Cause: err}
		p.failedAt, run.failure = time.Now(), p.failure
	}
}

// refused drops credentials that the API server refused, so that the plugin is run anew
// for the next request. Fresh ones are dropped once only: it would give the same.
func (p *plugin) refused(given *pluginCredentials) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current != given || p.renewed && time.Since(given.given) < pluginPause {
		return
	}
	p.renewed = true
	p.current.expires = given.given // kept, so that renew knows its certificate
}

// certificate returns the client's certificate for a handshake, nil where there is none.
// A request asks for the credentials before it connects.
func (p *plugin) certificate() (*tls.Certificate, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == nil {
		return nil, nil
	}
	return p.current.cert, nil
}

var errPluginHangs = errors.New("it did not end")

// run runs the plugin once.
func (p *plugin) run(ctx context.Context) (*pluginCredentials, error) {
	interactive, err := p.isInteractive()
	if err != nil {
		return nil, err
	}
	info, err := p.api.request(interactive)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	answer, complaint := &capped{limit: maxCredentials, strict: true}, &capped{limit: maxComplaint}
	cmd := exec.CommandContext(ctx, p.config.Command, p.config.Args...)
	cmd.Env = slices.Concat(os.Environ(), p.environment(), []string{"KUBERNETES_EXEC_INFO=" + string(info)})
	cmd.Stdout, cmd.Stderr = answer, complaint
	cmd.WaitDelay = time.Second // a child of its own may keep the output open
	if interactive {
		cmd.Stdin, cmd.Stderr = os.Stdin, os.Stderr
	}
	err = cmd.Run()
	switch {
	case answer.over:
		return nil, fmt.Errorf("it prints more than %d MiB", maxCredentials>>20)
	case err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, fmt.Errorf("%w within %s%s", errPluginHangs, p.limit, complaint.quoted())
	case err != nil:
		return nil, fmt.Errorf("%w%s", err, complaint.quoted()) // exit status 1
	}
	given, err := p.api.credentials(answer.kept.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w%s", err, complaint.quoted())
	}
	p.hide(given.token, given.key)
	given.given = time.Now()
	if soon := given.given.Add(pluginPause); !given.expires.IsZero() && given.expires.Before(soon) {
		given.expires = soon // some never give more than what is about to expire
	}
	return given, nil
}

func (p *plugin) environment() []string {
	env := make([]string, len(p.config.Env))
	for i, v := range p.config.Env {
		env[i] = v.Name + "=" + v.Value
	}
	return env
}

// isInteractive reports whether the plugin may talk to a person, as its kubeconfig
// says. That person then sees all that it prints.
func (p *plugin) isInteractive() (bool, error) {
	isTerminal := term.IsTerminal(int(os.Stdin.Fd())) && !p.config.StdinUnavailable
	switch p.config.InteractiveMode {
	case clientcmdapi.NeverExecInteractiveMode:
		return false, nil
	case clientcmdapi.IfAvailableExecInteractiveMode:
		return isTerminal, nil
	case clientcmdapi.AlwaysExecInteractiveMode:
		if !isTerminal {
			return false, errors.New("it wants to talk to a person, and standard input is no terminal")
		}
		return true, nil
	}
	return false, errors.New("its interactiveMode is not known")
}

// capped keeps the first limit bytes that are written to it. Where it is strict, more is
// an error.
type capped struct {
	limit  int
	strict bool
	over   bool
	kept   bytes.Buffer
}

// Write implements io.Writer.
func (c *capped) Write(b []byte) (int, error) {
	room := c.limit - c.kept.Len()
	if len(b) > room {
		c.over = true
		if c.strict {
			return 0, errors.New("too much")
		}
	}
	c.kept.Write(b[:min(len(b), room)])
	return len(b), nil
}

// quoted returns what was written, as one line to end a sentence with. It may be the very
// credentials.
func (c *capped) quoted() string {
	const most = 300
	return text.After(": ", text.CutRunes(secrets.InLine(text.OneLine(c.kept.String())), most))
}
