// Package probe asks the review app's URL until it answers as it should, and says which step
// of the way fails: the name, the connection, TLS, or the answer.
package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Step is the part of the way to an answer that failed.
type Step string

// The steps, in their order.
const (
	StepName    Step = "name"    // the host's name has no address
	StepConnect Step = "connect" // nothing accepts the connection
	StepTLS     Step = "tls"     // the certificate is not trusted, or is another host's
	StepAnswer  Step = "answer"  // what answers is no HTTP, or nothing in time
	StepExpect  Step = "expect"  // the answer is not the one that is expected
	StepProxy   Step = "proxy"   // what answers is the ingress controller or load balancer, not the app
	StepVersion Step = "version" // another commit answers
)

// Failure is why the last try failed.
type Failure struct {
	Step  Step
	Said  string // one line; may hold untrusted text
	Tries int
	Took  time.Duration
}

// Error returns one line.
func (f *Failure) Error() string {
	return fmt.Sprintf("%s (%d tries in %s)", f.Said, f.Tries, f.Took.Round(100*time.Millisecond))
}

// Answer is the answer that was as it should be.
type Answer struct {
	URL    string // that answered, after redirects
	Status int
	Tries  int
	Took   time.Duration
}

// Prober asks one URL.
type Prober struct {
	URL    string
	Expect Expectation
	// Transport is what requests pass; nil: one that verifies certificates by the system's roots
	// and heeds the environment's proxy.
	Transport http.RoundTripper
	// Each is how long one try may take, and Pause how long the first pause between two is;
	// 0: 10 s and 0.5 s.
	Each, Pause time.Duration
}

const (
	defaultEach  = 10 * time.Second
	defaultPause = 500 * time.Millisecond
	maxPause     = 5 * time.Second
	maxRedirects = 10
	maxBody      = 1 << 20 // what is looked at of an answer
)

// Until asks until the answer is as it should be or ctx has ended; the error is a *Failure
// then, of the last try that came to its end.
func (p Prober) Until(ctx context.Context) (Answer, error) {
	began, tries := time.Now(), 0
	var last *Failure
	pauses := backoff.NewExponentialBackOff(backoff.WithInitialInterval(orElse(p.Pause, defaultPause)), backoff.WithMaxInterval(maxPause),
		backoff.WithMaxElapsedTime(0))
	var good Answer
	err := backoff.Retry(func() error {
		tries++
		answer, failure := p.try(ctx)
		if failure == nil {
			good = answer
			return nil
		}
		if last == nil || ctx.Err() == nil { // a try that was cut off tells less than the one before
			last = failure
		}
		return failure
	}, backoff.WithContext(pauses, ctx))
	took := time.Since(began)
	if err == nil {
		good.Tries, good.Took = tries, took
		return good, nil
	}
	if last == nil { // it ended before the first try
		last = &Failure{Step: StepAnswer, Said: "there was no time left to ask"}
	}
	last.Tries, last.Took = tries, took
	return Answer{}, last
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d > 0 {
		return d
	}
	return otherwise
}

// try asks once, with a connection of its own: a name may have got another address since.
func (p Prober) try(ctx context.Context) (Answer, *Failure) {
	ctx, cancel := context.WithTimeout(ctx, orElse(p.Each, defaultEach))
	defer cancel()
	transport := p.Transport
	if transport == nil {
		own := newTransport()
		defer own.CloseIdleConnections()
		transport = own
	}
	client := &http.Client{Transport: transport, CheckRedirect: withinHost}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, http.NoBody)
	if err != nil {
		return Answer{}, &Failure{Step: StepAnswer, Said: "it cannot be asked: " + err.Error()}
	}
	request.Header.Set("User-Agent", "berth-probe")
	request.Header.Set("Accept", "*/*")
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, failureOf(err, p.URL)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Answer{}, failureOf(err, p.URL)
	}
	if failure := p.Expect.judge(response, body); failure != nil {
		return Answer{}, failure
	}
	return Answer{URL: response.Request.URL.String(), Status: response.StatusCode}, nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:             http.ProxyFromEnvironment,
		DialContext:       (&net.Dialer{Timeout: defaultEach}).DialContext,
		TLSClientConfig:   &tls.Config{MinVersion: tls.VersionTLS12},
		ForceAttemptHTTP2: true, DisableKeepAlives: true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// withinHost follows redirects while they stay with the host, to https as well. Where one
// leads elsewhere, to a login say, it is itself the answer.
func withinHost(next *http.Request, via []*http.Request) error {
	first := via[0].URL
	elsewhere := !strings.EqualFold(next.URL.Hostname(), first.Hostname())
	if len(via) >= maxRedirects || elsewhere || first.Scheme == "https" && next.URL.Scheme != "https" {
		return http.ErrUseLastResponse
	}
	return nil
}

// failureOf returns which step an error of the HTTP client is of.
func failureOf(err error, address string) *Failure {
	host := address
	if u, parsed := url.Parse(address); parsed == nil {
		host = u.Host
	}
	var inURL *url.Error
	if errors.As(err, &inURL) {
		err = inURL.Err // without the address, which the report has
	}
	var (
		name      *net.DNSError
		operation *net.OpError
		record    tls.RecordHeaderError
		tlsCert   *tls.CertificateVerificationError
		alert     tls.AlertError
	)
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return &Failure{Step: StepName, Said: fmt.Sprintf("the name %s has no address", name.Name)}
	case errors.As(err, &name):
		return &Failure{Step: StepName, Said: fmt.Sprintf("the name %s could not be looked up: %s", name.Name, name.Err)}
	case errors.As(err, &tlsCert):
		return &Failure{Step: StepTLS, Said: "its certificate is not trusted: " + certificateSays(tlsCert)}
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return &Failure{Step: StepTLS, Said: fmt.Sprintf("%s does not speak TLS", host)}
	case errors.As(err, &alert):
		return &Failure{Step: StepTLS, Said: "the TLS handshake failed: " + alert.Error()}
	case errors.As(err, &operation) && operation.Op == "dial":
		return &Failure{Step: StepConnect, Said: fmt.Sprintf("nothing accepts a connection at %s: %v", operation.Addr, operation.Err)}
	case errors.Is(err, context.DeadlineExceeded):
		return &Failure{Step: StepAnswer, Said: fmt.Sprintf("%s gave no answer in time", host)}
	}
	return &Failure{Step: StepAnswer, Said: fmt.Sprintf("%s gave no answer: %v", host, err)}
}

// certificateSays returns why a certificate is not trusted, and whose it is: an ingress
// controller answers with one of its own where it has none for the host.
func certificateSays(e *tls.CertificateVerificationError) string {
	said := e.Err.Error()
	if len(e.UnverifiedCertificates) > 0 {
		c := e.UnverifiedCertificates[0]
		said += fmt.Sprintf("; it is %q, issued by %q", c.Subject.CommonName, c.Issuer.CommonName)
	}
	return said
}
