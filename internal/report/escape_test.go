package report

import (
	"strings"
	"testing"
)

func TestText(t *testing.T) {
	for in, want := range map[string]string{
		"a | b":              "a &#124; b",
		`a \| b`:             `a \\&#124; b`,
		"<b>x</b> &amp;":     "&lt;b&gt;x&lt;/b&gt; &amp;amp;",
		"[x](y) ![x](y)":     `\[x\](y) !\[x\](y)`,
		"@user, a@b.c":       "@\u2060user, a@\u2060b.c",
		"fixes #1":           "fixes #\u20601",
		"https://a.b":        `https\://a.b`,
		"WWW.a.b www.c":      `WWW\.a.b www\.c`,
		"*a* _b_ ~~c~~ `d`":  "\\*a\\* \\_b\\_ \\~\\~c\\~\\~ \\`d\\`",
		"$x$":                `\$x\$`,
		"- item":             `\- item`,
		"12. item":           `12\. item`,
		"12.5 s":             "12.5 s",
		"1) item":            `1\) item`,
		"a\n\n# b":           "a #\u2060 b",
		"  spaced \t out\n ": "spaced out",
	} {
		if got := escapeText(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestCode(t *testing.T) {
	for in, want := range map[string]string{
		"feature/login": "`feature/login`",
		"a`b":           "``a`b``",
		"``a":           "``` ``a ```",
		"a`":            "`` a` ``",
		"a|b`":          "a&#124;b\\`",
		"a\nb":          "`a b`",
		"":              "",
		"@user <b>":     "`@user <b>`",
	} {
		if got := code(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestProse(t *testing.T) {
	for in, want := range map[string]string{
		"run `berth repair` now": "run `berth repair` now",
		"one ` alone":            "one \\` alone",
		"`a` and ` alone":        "`a` and \\` alone",
		"`<b>` <b>":              "`<b>` &lt;b&gt;",
		"empty `` pair":          "empty \\`\\` pair",
		"`a|b`":                  "a&#124;b",
	} {
		if got := prose(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestFenceCannotBeClosed(t *testing.T) {
	for _, in := range []string{"```\n</details>", "a\n````\n`````x", "~~~", strings.Repeat("`", 5000)} {
		lines := strings.Split(strings.TrimRight(codeBlock("text", in, 1<<10), "\n"), "\n")
		opening := strings.TrimSuffix(lines[0], "text")
		for _, line := range lines[1 : len(lines)-1] {
			if strings.HasPrefix(strings.TrimSpace(line), opening) {
				t.Errorf("%.20q: %q closes %q", in, line, opening)
			}
		}
		if lines[len(lines)-1] != opening {
			t.Errorf("%.20q: ends with %q", in, lines[len(lines)-1])
		}
	}
}

func TestLink(t *testing.T) {
	for in, want := range map[string]string{
		"https://a.example/x?y=1":     `[https\://a.example/x?y=1](<https://a.example/x?y=1>)`,
		"javascript:alert(1)":         "`javascript:alert(1)`",
		"https://user:pw@a.example":   "`https://user:pw@a.example`",
		"https://a.example/)[x](y)":   `[https\://a.example/)\[x\](y)](<https://a.example/)[x](y)>)`,
		"https://a.example/?a=<b>|c":  "https\\://a.example/?a=&lt;b&gt;&#124;c",
		"https://":                    "`https://`",
		"https://a'.example":          "`https://a'.example`",
		"https://a.example/it's":      `[https\://a.example/it's](<https://a.example/it's>)`,
		"data:text/html,x":            "`data:text/html,x`",
		"http://[::1%25%3E<b>]/":      "`http://[::1%25%3E<b>]/`",
		"http://[::1%25%3E%3Cb%3E)]/": "`http://[::1%25%3E%3Cb%3E)]/`",
		"https://a.example/\nhttps:x": "`https://a.example/ https:x`",
	} {
		if got := link(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
