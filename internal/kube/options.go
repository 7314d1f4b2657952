package kube

import (
	"context"
	"net"
	"os"
	"time"

	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/problem"
)

// Options say which API server to talk to, as whom, and how.
type Options struct {
	// Kubeconfig is a path or the content itself, plain or base64. Content is
	// held in memory and never written.
	Kubeconfig string
	Context    string // a context of the kubeconfig; empty: its current one

	Server string // the API server's address; excludes Kubeconfig and Context
	Token  string // a bearer token for Server
	CA     string // who signed Server's certificate: a path, PEM, or PEM in base64; empty: the system's roots

	UserAgent string // "berth/0.1.0"

	// RequestTimeout bounds the time from sending a request to the header of its
	// answer, with dialling and TLS. Zero means DefaultRequestTimeout.
	RequestTimeout time.Duration
	// InFlight is how many requests may be under way at the same time; 0 bounds nothing.
	InFlight int

	// TriesAlone says that no write is sent but those that the API server only tries.
	TriesAlone bool

	Warn func(string)                     // takes the API server's warnings, each once; untrusted text
	Note func(title, message string)      // takes warnings of Berth's own about the connection
	Hide func(secrets ...string)          // takes the credentials that were found, to be masked
	Log  func(format string, args ...any) // takes one line per request, for debugging

	// What tests replace. Nil means the real one.
	Getenv    func(string) string
	InCluster func() (*rest.Config, error)
	Dial      func(ctx context.Context, network, address string) (net.Conn, error)
}

const (
	// DefaultRequestTimeout is a little more than the minute after which the API
	// server itself gives up, so that its own answer comes first.
	DefaultRequestTimeout = 65 * time.Second
	// dialTimeout is shorter: a server that is merely busy accepts connections.
	dialTimeout = 30 * time.Second
)

// withDefaults returns the options with the zero values replaced.
func (o Options) withDefaults() Options {
	if o.RequestTimeout <= 0 {
		o.RequestTimeout = DefaultRequestTimeout
	}
	if o.Hide == nil {
		o.Hide = func(...string) {}
	}
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Note == nil {
		o.Note = func(string, string) {}
	}
	if o.Log == nil {
		o.Log = func(string, ...any) {}
	}
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.InCluster == nil {
		o.InCluster = rest.InClusterConfig
	}
	if o.Dial == nil {
		o.Dial = (&net.Dialer{Timeout: min(o.RequestTimeout, dialTimeout), KeepAlive: 30 * time.Second}).DialContext
	}
	return o
}

// wrongInput returns a problem that whoever configured the run can solve.
func wrongInput(tried string, cause error, next string) error {
	return &problem.Problem{Reason: problem.WrongInput, Tried: tried, Cause: cause, Next: next}
}
