package faultproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Fault is what happens to a request.
type Fault struct {
	name   string
	before func(*exchange) (done bool) // done: the request is not forwarded
	after  func(*exchange, *http.Response) error
}

// Refuse closes the connection; the API server never sees the request. Over
// HTTP/2 that ends the other requests on the connection, too. Clients repeat
// reads on their own, never writes: a refused read needs more than Times: 1.
func Refuse() Fault {
	return Fault{name: "refuse", before: func(x *exchange) bool { x.cut(); return true }}
}

// Reset is Refuse with a TCP RST.
func Reset() Fault {
	return Fault{name: "reset", before: func(x *exchange) bool { x.conn.reset(); panic(http.ErrAbortHandler) }}
}

// DropAnswer has the request applied and closes the connection instead of
// answering. Over HTTP/2 that ends the other requests on it, too.
func DropAnswer() Fault {
	return Fault{name: "drop answer", after: func(x *exchange, _ *http.Response) error { x.cut(); return nil }}
}

// Blackhole never answers and never forwards. It ends when the client gives up
// or the proxy goes down.
func Blackhole() Fault {
	return Fault{name: "blackhole", before: func(x *exchange) bool { <-x.r.Context().Done(); panic(http.ErrAbortHandler) }}
}

// Delay forwards the request after d, unless the client gave up by then.
func Delay(d time.Duration) Fault {
	return Fault{name: "delay " + d.String(), before: func(x *exchange) bool { x.wait(d); return false }}
}

// DelayAnswer has the request applied and lets the answer through after d.
func DelayAnswer(d time.Duration) Fault {
	return Fault{name: "delay answer " + d.String(), after: func(x *exchange, _ *http.Response) error { x.wait(d); return nil }}
}

// Call calls back before the request is forwarded. The callback runs on the
// proxy's goroutine, where t.Fatal must not be called.
func Call(callback func(Request)) Fault {
	return Fault{name: "call", before: func(x *exchange) bool { callback(x.Request); return false }}
}

// CallAfter calls back when the request was applied and its answer has not been
// passed on; the request carries the code of the answer.
func CallAfter(callback func(Request)) Fault {
	return Fault{name: "call after", after: func(x *exchange, _ *http.Response) error { callback(x.Request); return nil }}
}

// Answer answers in the API server's place, which never sees the request.
// Answer(500, "etcdserver: leader changed") is an election in etcd.
func Answer(code int, message string) Fault { return answer(code, message, 0) }

// AnswerRetryAfter is Answer with the header that asks the client to come again.
func AnswerRetryAfter(code, seconds int) Fault {
	return answer(code, "the server asks to try again later", seconds)
}

func answer(code int, message string, retryAfter int) Fault {
	return Fault{name: "answer " + strconv.Itoa(code), before: func(x *exchange) bool {
		resource := schema.GroupResource{Group: x.Group, Resource: x.Resource}
		status := apierrors.NewGenericServerResponse(code, x.r.Method, resource, x.Name, message, retryAfter, false).ErrStatus
		status.Kind, status.APIVersion, status.Message = "Status", "v1", message
		if retryAfter > 0 {
			x.w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		body, err := json.Marshal(status)
		if err != nil {
			body = []byte(err.Error())
		}
		x.answer(code, body)
		return true
	}}
}

// Body rewrites the body of the answer, which the API server is asked to give
// as plain JSON. It is not for watches.
func Body(rewrite func([]byte) []byte) Fault {
	before := func(x *exchange) bool {
		x.r.Header.Del("Accept-Encoding")
		x.r.Header.Set("Accept", onlyJSON(x.r.Header.Get("Accept")))
		return false
	}
	after := func(_ *exchange, answer *http.Response) error {
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			return fmt.Errorf("reading the answer to rewrite: %w", err)
		}
		_ = answer.Body.Close()
		body = rewrite(body)
		answer.Body, answer.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		answer.Header.Set("Content-Length", strconv.Itoa(len(body)))
		return nil
	}
	return Fault{name: "rewrite", before: before, after: after}
}

// ClockOff shifts the Date of the answer, as a server whose clock is wrong by that.
func ClockOff(by time.Duration) Fault {
	return Fault{name: "clock off by " + by.String(), after: func(_ *exchange, answer *http.Response) error {
		date, err := http.ParseTime(answer.Header.Get("Date"))
		if err != nil {
			return fmt.Errorf("reading the Date to shift: %w", err)
		}
		answer.Header.Set("Date", date.Add(by).UTC().Format(http.TimeFormat))
		return nil
	}}
}

// onlyJSON keeps of an Accept header what is JSON, tables and partial metadata
// included.
func onlyJSON(accept string) string {
	var kept []string
	for media := range strings.SplitSeq(accept, ",") {
		if media = strings.TrimSpace(media); strings.HasPrefix(media, "application/json") {
			kept = append(kept, media)
		}
	}
	if len(kept) == 0 {
		return "application/json"
	}
	return strings.Join(kept, ",")
}

// Sequence does one fault after the other, until one ends the request:
// Sequence(Call(kill), Refuse()) kills a tool whose request is never applied.
func Sequence(faults ...Fault) Fault {
	var names []string
	for _, f := range faults {
		names = append(names, f.name)
	}
	before := func(x *exchange) bool {
		for _, f := range faults {
			if f.before != nil && f.before(x) {
				return true
			}
		}
		return false
	}
	after := func(x *exchange, answer *http.Response) error {
		for _, f := range faults {
			if f.after == nil {
				continue
			}
			if err := f.after(x, answer); err != nil {
				return err
			}
		}
		return nil
	}
	return Fault{name: strings.Join(names, ", "), before: before, after: after}
}
