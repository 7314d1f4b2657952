package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/berth-dev/berth/internal/problem"
	"github.com/berth-dev/berth/internal/report"
	"github.com/berth-dev/berth/internal/result"
	"github.com/berth-dev/berth/internal/verb"
)

func commentOf(v verb.Verb, reason problem.ExitReason) result.Result {
	return result.Result{
		Subject: result.Subject{Verb: v, App: "shop", Branch: "feature/login", URL: "https://login.review.example.com",
			Commit: "0123456789abcdef", Pages: result.Pages{
				Commit: "https://github.com/acme/shop/commit/0123456789abcdef", Run: "https://github.com/acme/shop/actions/runs/41"}},
		Exit: result.Exit{Reason: reason, Headline: "The image `shop:missing` does not exist (Deployment/shop).",
			Cause: "manifest unknown\nand more", Next: "Push the image, then run this:\n$ berth deploy --branch 'feature/login'"},
	}
}

const about = "- Branch: `feature/login`\n- Commit: [`0123456`](<https://github.com/acme/shop/commit/0123456789abcdef>)\n" +
	"- [Log and summary of the run](<https://github.com/acme/shop/actions/runs/41>)\n"

func TestComment(t *testing.T) {
	failed := "```text\nThe image shop:missing does not exist (Deployment/shop).\n\nmanifest unknown\n\n" +
		"Push the image, then run this:\n$ berth deploy --branch 'feature/login'\n```\n\n"
	for _, c := range []struct {
		verb   verb.Verb
		reason problem.ExitReason
		want   string
	}{
		{verb.Deploy, "", "### ⏳ `shop` is being deployed\n\n" + about},
		{verb.Deploy, problem.Consistent, "### ✅ `shop` is ready\n\n" +
			"**[https\\://login.review.example.com](<https://login.review.example.com>)**\n\n" + about},
		{verb.Deploy, problem.DeployFailed, "### ❌ The deploy of `shop` failed\n\n" + failed + about},
		{verb.Deploy, problem.Terminated, "### ⚠️ The deploy of `shop` was cancelled\n\n" + failed + about},
		{verb.Teardown, "", "### ⏳ `shop` is being taken down\n\n" + about},
		{verb.Teardown, problem.Consistent, "### ⚪ `shop` is gone\n\n" + about},
		{verb.Teardown, problem.Foreign, "### ❌ The teardown of `shop` failed\n\n" + failed + about},
	} {
		if got := report.Comment(commentOf(c.verb, c.reason)); got != c.want {
			t.Errorf("%s, %q:\n%s\nwant:\n%s", c.verb, c.reason, got, c.want)
		}
	}
}

// What a platform looks for stands in code, with nothing that could end it.
func TestHostileTextOfAComment(t *testing.T) {
	for _, hostile := range []string{
		"@acme/everyone #1 !2 GH-3 %4 ~bug $5 &6 [[x]] https://evil.example/x", "/close", "x\n/close\n/merge", " \t/label ~x",
		"```\n/close\n@all", "````\n# heading\n````", "a|b", "`", "``` `", "<!-- berth.dev/comment -->", "--> <img src=x>", "<details>",
		"[x](javascript:alert(1))", "![x](https://evil.example/x.png)", "\r\n/close", "\u2028/close", "\u200b/close", "javascript:alert(1)",
		"https://u:p@evil.example/", "https://evil.example/>) @all", "\x1b[31m/close", strings.Repeat("@x ", 1<<20), "`@all`", "- /close",
		"\u200b", "\u2060\u00ad", " ", "\x1b[0m", "",
	} {
		r := result.Result{
			Subject: result.Subject{Verb: verb.Deploy, App: hostile, Branch: hostile, URL: hostile, Commit: hostile,
				Pages: result.Pages{Commit: hostile, Run: hostile}},
			Exit: result.Exit{Reason: problem.DeployFailed, Headline: hostile, Cause: hostile, Next: hostile},
		}
		for _, reason := range []problem.ExitReason{"", problem.Consistent, problem.DeployFailed, problem.Interrupted} {
			r.Reason = reason
			body := report.Comment(r)
			if len(body) > 60<<10 {
				t.Errorf("%.40q: %d bytes", hostile, len(body))
			}
			if command := regexp.MustCompile(`(?m)^\s*/`).FindString(body); command != "" {
				t.Errorf("%.40q: a line is a command:\n%.500s", hostile, body)
			}
			if left := outsideCode(body); regexp.MustCompile(`[@#!~%$&<|]\w|GH-|\[x\]|evil|<!--|-->|javascript`).MatchString(left) {
				t.Errorf("%.40q: running text has it:\n%.500s\nof\n%.500s", hostile, left, body)
			}
		}
	}
}

// outsideCode returns Markdown without code blocks and inline code.
func outsideCode(markdown string) string {
	markdown = regexp.MustCompile("(?ms)^```text\n.*?\n```$").ReplaceAllString(markdown, "")
	var b strings.Builder
	for markdown != "" {
		before, after, found := strings.Cut(markdown, "`")
		b.WriteString(before)
		if !found {
			break
		}
		ticks := len(after) - len(strings.TrimLeft(after, "`"))
		fence := strings.Repeat("`", ticks+1)
		rest := after[ticks:]
		end := -1
		for from := 0; ; {
			i := strings.Index(rest[from:], fence)
			if i < 0 {
				break
			}
			i += from
			run := len(rest[i:]) - len(strings.TrimLeft(rest[i:], "`"))
			if run == len(fence) {
				end = i + run
				break
			}
			from = i + run
		}
		if end < 0 {
			b.WriteString(fence)
			markdown = rest
			continue
		}
		markdown = rest[end:]
	}
	return b.String()
}
