package faultproxy

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"time"
)

// exchange is one request on its way and the answer to it.
type exchange struct {
	Request
	proxy *Proxy
	w     http.ResponseWriter
	r     *http.Request
	conn  *connection
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler) // the client went away
	}
	x := &exchange{Request: requestOf(r, body), proxy: p, w: w, r: r, conn: connectionOf(r.Context())}
	fault, ok := p.journal.enter(&x.Request, &p.active)
	if !ok {
		x.cut()
	}
	defer p.active.Done()
	if fault.before != nil && fault.before(x) {
		return
	}
	if x.conn.ctx.Err() != nil { // a callback took the proxy down
		x.cut()
	}
	x.forward(fault)
}

// forward sends the request on and passes the answer through as it comes:
// watches are not buffered.
func (x *exchange) forward(fault Fault) {
	ctx, cancel := x.context()
	defer cancel()
	out := x.r.WithContext(ctx)
	out.ContentLength = int64(len(x.Body))
	out.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(x.Body)), nil }
	out.Body, _ = out.GetBody()
	forward := httputil.ReverseProxy{
		Transport:     x.proxy.transport,
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(x.proxy.upstream)
			r.Out.URL.RawQuery = r.In.URL.RawQuery
		},
		ModifyResponse: func(answer *http.Response) error {
			x.Code = answer.StatusCode
			x.proxy.journal.answered(x.Request)
			if fault.after != nil {
				return fault.after(x, answer)
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, err error) {
			x.Err = err.Error()
			x.proxy.journal.answered(x.Request)
			if x.r.Context().Err() != nil {
				panic(http.ErrAbortHandler) // the client gave this one up; others over the connection go on
			}
			x.cut()
		},
	}
	forward.ServeHTTP(x.w, out)
}

// context is the request's own for a read. A write goes on when its client is
// gone, so that a test knows what was applied.
func (x *exchange) context() (context.Context, context.CancelFunc) {
	switch x.Verb {
	case "get", "list", "watch":
		return x.r.Context(), func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(x.r.Context()))
	stop := context.AfterFunc(x.conn.ctx, cancel)
	return ctx, func() { stop(); cancel() }
}

// answer is the proxy's own answer.
func (x *exchange) answer(code int, body []byte) {
	x.Code = code
	x.proxy.journal.answered(x.Request)
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(code)
	_, _ = x.w.Write(body)
}

// cut ends the connection and the handling of the request.
func (x *exchange) cut() {
	x.conn.cut()
	panic(http.ErrAbortHandler)
}

// wait lets the time pass. It does not return when the client gives up or the
// proxy goes down first.
func (x *exchange) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-x.r.Context().Done():
		panic(http.ErrAbortHandler)
	}
}
