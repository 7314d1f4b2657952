// Package page tries the page of the review apps in a browser, as a person does: it types,
// clicks and reads what is there.
package page

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/berth-dev/berth/internal/facts"
	"github.com/berth-dev/berth/internal/fleet"
	"github.com/berth-dev/berth/internal/report"
)

// browser is one tab of a headless Chromium that shows the page of some apps.
type browser struct {
	t   *testing.T
	ctx context.Context
}

// open shows the page of apps. What the browser complains about fails the test.
func open(t *testing.T, apps []fleet.App, fragment string, before ...chromedp.Action) browser {
	t.Helper()
	program := ""
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil && program == "" {
			program = path
		}
	}
	if program == "" {
		t.Fatal("no Chromium was found: install it, or set CHROMIUM to its path")
	}
	page, err := report.FleetPage(report.Fleet{Apps: apps, At: time.Now(), Repository: "acme/shop"})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "fleet.html")
	if err := os.WriteFile(file, page, 0o600); err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program), chromedp.WindowSize(1280, 900))
	if os.Getuid() == 0 { // Chromium's sandbox is not for root, and the page is our own
		options = append(options, chromedp.NoSandbox)
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, stop = chromedp.NewContext(ctx)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(stop)
	chromedp.ListenTarget(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventExceptionThrown:
			t.Errorf("the page's script fails: %s", e.ExceptionDetails.Error())
		case *log.EventEntryAdded: // what the page's policy forbids, too
			t.Errorf("the browser says: %s", e.Entry.Text)
		}
	})
	b := browser{t, ctx}
	b.run(before...)
	b.run(chromedp.Navigate("file://"+file+fragment), chromedp.WaitVisible("#count"))
	return b
}

func (b browser) run(actions ...chromedp.Action) {
	b.t.Helper()
	if err := chromedp.Run(b.ctx, actions...); err != nil {
		b.t.Fatal(err)
	}
}

// ask returns what an expression in the page comes to.
func ask[T any](b browser, expression string) T {
	b.t.Helper()
	var answer T
	b.run(chromedp.Evaluate(expression, &answer))
	return answer
}

// rows returns the first parts of the cells of each row that is there, by the column's number.
func (b browser) rows(column int) []string {
	b.t.Helper()
	return ask[[]string](b, fmt.Sprintf(`[...document.querySelectorAll('#rows tr')].map((r) => r.children[%d].firstChild.textContent)`, column))
}

func (b browser) count() string {
	b.t.Helper()
	return ask[string](b, `document.getElementById('count').textContent`)
}

func clickHead(column int) chromedp.Action {
	return chromedp.Click(fmt.Sprintf("#head th:nth-child(%d) button", column+1), chromedp.ByQuery)
}

func clickFilter(state string) chromedp.Action {
	return chromedp.Click(fmt.Sprintf("#filters button[value=%q]", state), chromedp.ByQuery)
}

func search(keys string) chromedp.Action { return chromedp.SendKeys("#search", keys, chromedp.ByQuery) }

// until waits until there are so many rows.
func until(so string) chromedp.Action {
	return chromedp.Poll(`document.querySelectorAll('#rows tr').length `+so, nil, chromedp.WithPollingInterval(20*time.Millisecond))
}

const (
	columnState = iota
	columnBranch
	columnDeployed = 4
)

// apps returns n apps, of which the first is stuck and the second failed.
func apps(n int) []fleet.App {
	now := time.Now()
	all := make([]fleet.App, n)
	for i := range all {
		branch := fmt.Sprintf("feature/%d", i)
		all[i] = fleet.App{
			Name: "shop", Namespace: fmt.Sprintf("review-shop-%d", i), Release: "shop", Host: "github.com", Commit: "0123456789abcdef",
			Origin: facts.Origin{Repository: "acme/shop", Branch: branch, PullRequest: i + 1}, Revision: 1 + i%3,
			Status: facts.StatusDeployed, Deployed: now.Add(-time.Duration(i) * time.Minute), Expires: now.Add(time.Duration(i) * time.Hour),
			Requests: fmt.Sprintf("cpu=%dm,memory=%dMi", 100+i%7*50, 64<<(i%5)), URL: fmt.Sprintf("https://b%d.example.com/", i),
			Verdict: "consistent", VerdictAt: now, RunURL: "https://github.com/acme/shop/actions/runs/1",
		}
	}
	if n > 1 {
		all[0].Status, all[1].Status = facts.StatusPendingUpgrade, facts.StatusFailed
	}
	return all
}

func TestSearchFilterAndSort(t *testing.T) {
	b := open(t, apps(30), "")
	if got := b.rows(columnState); len(got) != 30 || got[0] != "stuck" || got[1] != "failed" || b.count() != "30 apps" {
		t.Fatalf("what needs a look is not first: %q, %s", got, b.count())
	}
	b.run(clickHead(columnBranch), clickHead(columnBranch))
	if got := b.rows(columnBranch); got[0] != "feature/9" {
		t.Errorf("a second click on the branch does not sort downwards: %q", got)
	}
	b.run(clickFilter("failed"))
	if got := b.rows(columnBranch); len(got) != 1 || got[0] != "feature/1" || b.count() != "1 of 30 apps" {
		t.Errorf("the filter shows %q, %s", got, b.count())
	}
	b.run(clickFilter("stuck"))
	if got := b.rows(columnState); len(got) != 2 {
		t.Errorf("two filters show %q", got)
	}
	b.run(search("FEATURE/1 #2"))
	if got := b.rows(columnBranch); len(got) != 1 || got[0] != "feature/1" {
		t.Errorf("the search shows %q", got)
	}
	hash := ask[string](b, "location.hash")
	again := open(t, apps(30), hash)
	if got, value := again.rows(columnBranch), ask[string](again, `document.getElementById('search').value`); len(got) != 1 ||
		got[0] != "feature/1" || value != "FEATURE/1 #2" {
		t.Errorf("the address %s shows %q, and %q is searched", hash, got, value)
	}
	b.run(search(strings.Repeat(kb.Backspace, 20) + "no such thing"))
	if got := b.rows(columnBranch); len(got) != 0 || b.count() != "0 of 30 apps" {
		t.Errorf("it finds %q, %s", got, b.count())
	}
}

func TestLinks(t *testing.T) {
	b := open(t, apps(1), "")
	got := ask[[]string](b, `[...document.querySelectorAll('#rows a')].map((a) => a.href)`)
	want := []string{"https://github.com/acme/shop/pull/1", "https://github.com/acme/shop/pull/1",
		"https://github.com/acme/shop/commit/0123456789abcdef", "https://github.com/acme/shop/actions/runs/1", "https://b0.example.com/"}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTenThousand(t *testing.T) {
	b := open(t, apps(10_000), "")
	if got := b.rows(columnBranch); len(got) > 1000 || b.count() != "10000 apps" {
		t.Errorf("%d rows are there at once, %s", len(got), b.count())
	}
	before := len(b.rows(columnBranch))
	b.run(chromedp.ScrollIntoView("footer", chromedp.ByQuery), until(fmt.Sprintf("> %d", before)))
	b.run(search("feature/9999"), until("=== 1"))
	if got := b.rows(columnBranch); got[0] != "feature/9999" {
		t.Errorf("the search shows %q", got)
	}
	b.run(search(strings.Repeat(kb.Backspace, 20)), clickHead(columnDeployed),
		clickHead(columnDeployed))
	if got := b.rows(columnBranch); got[0] != "feature/9999" {
		t.Errorf("the oldest is %q", got[0])
	}
}

func TestPhone(t *testing.T) {
	b := open(t, apps(30), "", emulation.SetDeviceMetricsOverride(390, 844, 2, true))
	if wide := ask[int](b, "document.documentElement.scrollWidth"); wide > 390 {
		t.Errorf("the page is %d pixels wide on a phone of 390", wide)
	}
	b.run(chromedp.SetValue("#sort", "1", chromedp.ByQuery), chromedp.Evaluate(`document.getElementById('sort').dispatchEvent(new Event('change'))`, nil))
	if got := b.rows(columnBranch); got[0] != "feature/0" || got[1] != "feature/1" {
		t.Errorf("sorted by branch it shows %q", got)
	}
}

// Whoever names a branch writes on this page. That nothing of it runs or loads, the browser
// is asked: it reports what its policy forbids, and a script would leave its mark.
func TestHostileText(t *testing.T) {
	hostile := `</script><script>document.title="run"</script><img src=x onerror='document.title="run"'>` + "`${document.title='run'}`"
	app := apps(1)[0]
	app.Origin.Branch, app.Name, app.Namespace, app.Release, app.Commit, app.Requests, app.Verdict, app.Keep, app.Doubt, app.URL =
		hostile, hostile, hostile, hostile, hostile, hostile, hostile, hostile, hostile, "javascript:document.title='run'"
	b := open(t, []fleet.App{app}, "#q="+"<script>&sort=-<img>&state=<b>")
	if title := ask[string](b, "document.title"); title == "run" {
		t.Error("what a branch is called was run")
	}
	if got := b.rows(columnBranch); len(got) != 1 || !strings.HasPrefix(got[0], "</script><script>") {
		t.Errorf("the branch is shown as %q", got)
	}
	if links := ask[int](b, `document.querySelectorAll('#rows a[href^="javascript"]').length`); links != 0 {
		t.Errorf("%d links run something", links)
	}
}
