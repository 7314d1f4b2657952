package census

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/berth-dev/berth/internal/platformapi"
)

// limits are those of every request. A page of pull requests has the text of each.
var limits = platformapi.Limits{Time: 15 * time.Second, Bytes: 64 << 20}

const (
	perPage = 100
	// maxPages ends a list that does not: 10,000 open pull requests, or branches.
	maxPages = 100
)

// client asks a platform's API. It asks no more once the platform has said that it is asked
// too much.
type client struct {
	name string // of the platform, for people
	http *http.Client
	head http.Header // contains the token
	base string      // with a slash at its end
	hint string      // how to give another token

	mu   sync.Mutex
	full error // the rate limit is used up
}

// stopped is api's.
func (c *client) stopped() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.full
}

// get reads what the API answers at a path below its base. what completes "ask GitHub".
func (c *client) get(ctx context.Context, what, path string, query url.Values, answer any) (http.Header, error) {
	if err := c.stopped(); err != nil {
		return nil, err
	}
	address := c.base + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	header, err := platformapi.Send(ctx, c.http, platformapi.Request{
		Method: http.MethodGet, Address: address, Header: c.head, Answer: answer, Status: http.StatusOK,
	})
	if err != nil {
		return nil, c.failed(what, err)
	}
	return header, nil
}

// failed says what was asked, and what may help.
func (c *client) failed(what string, err error) error {
	var refused *platformapi.Refusal
	if !errors.As(err, &refused) {
		return fmt.Errorf("ask %s %s: %w", c.name, what, err)
	}
	switch {
	case refused.Limited:
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.full == nil {
			c.full = fmt.Errorf("ask %s %s: %w; it is not asked any more in this run", c.name, what, err)
		}
		return c.full
	case refused.Status >= 300 && refused.Status < 400:
		return fmt.Errorf("ask %s %s: %w, a redirect, which is not followed: was the repository renamed or transferred?", c.name, what, err)
	case refused.Denied():
		return fmt.Errorf("ask %s %s: %w; give %s", c.name, what, err, c.hint)
	}
	return fmt.Errorf("ask %s %s: %w", c.name, what, err)
}

// odd is an answer that is not understood.
func (c *client) odd(what, why string) error {
	return fmt.Errorf("ask %s %s: its answer is not understood: %s", c.name, what, why)
}

// list reads the pages of a list. add takes one item and reports whether it was not there
// before, and enough ends the list early.
func list[T any](ctx context.Context, c *client, what, path string, query url.Values, add func(T) (isNew bool, err error),
	enough func() bool) error {
	for page := 1; page <= maxPages; page++ {
		query.Set("per_page", strconv.Itoa(perPage))
		query.Set("page", strconv.Itoa(page))
		var items []T
		header, err := c.get(ctx, what, path, query, &items)
		switch {
		case err != nil:
			return err
		case items == nil: // null
			return c.odd(what, "it is no list")
		}
		isNew := false
		for _, item := range items {
			added, err := add(item)
			if err != nil {
				return c.odd(what, err.Error())
			}
			isNew = isNew || added
		}
		next := hasNext(header)
		switch {
		case enough(), !next && (len(items) < perPage || !isNew):
			return nil
		case !isNew:
			return c.odd(what, "its pages repeat")
		}
	}
	return c.odd(what, fmt.Sprintf("it has more than %d pages", maxPages))
}

// hasNext reports whether an answer says that another page follows. Where that page is, is
// not taken from it.
// https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
// https://docs.gitlab.com/api/rest/#pagination
func hasNext(header http.Header) bool {
	return header.Get("X-Next-Page") != "" || strings.Contains(strings.Join(header.Values("Link"), ","), `rel="next"`)
}

// pulls collects pull requests, each once.
type pulls struct {
	all  []pull
	seen map[int]bool
}

func (p *pulls) add(one pull) bool {
	if p.seen[one.number] {
		return false
	}
	if p.seen == nil {
		p.seen = map[int]bool{}
	}
	p.seen[one.number] = true
	p.all = append(p.all, one)
	return true
}

func never() bool { return false }
