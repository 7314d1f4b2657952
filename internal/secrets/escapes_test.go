package secrets

import (
	"fmt"
	"strings"
	"testing"
)

// A secret is found however much of it a writer of JSON, HTML or addresses escapes.
func TestEscapes(t *testing.T) {
	m := New()
	m.Find("hunter2+of/a=<b>&'c'\"d", "hunter2-of-é😀")
	for writer, s := range map[string]string{
		".NET":               `hunter2\u002Bof/a=\u003Cb\u003E\u0026\u0027c\u0027\u0022d`,
		"PHP":                `hunter2+of\/a=<b>&'c'\"d`,
		"Gson":               `hunter2+of/a\u003d\u003cb\u003e\u0026\u0027c\u0027\"d`,
		"JSON in JSON":       `hunter2\\u002Bof\\/a=\\u003Cb\\u003E\\u0026\\u0027c\\u0027\\u0022d`,
		"html/template":      `hunter2&#43;of/a=&lt;b&gt;&amp;&#39;c&#39;&#34;d`,
		"mustache":           `hunter2+of&#x2F;a&#x3D;&lt;b&gt;&amp;&#39;c&#39;&quot;d`,
		"Python":             `hunter2%2Bof/a%3D%3Cb%3E%26%27c%27%22d`,
		"an address in HTML": `hunter2%2bof/a%3d%3cb%3e&amp;%27c%27%22d`,
		"one in another":     `hunter2%252Bof%252Fa%253D%253Cb%253E%2526%2527c%2527%2522d`,
		"a shell":            `hunter2\+of/a=\<b\>\&\'c\'\"d`,
		"nginx":              `hunter2+of/a=<b>&'c'\x22d`,
		"JSON in ASCII":      `hunter2-of-\u00e9\ud83d\ude00`,
		"bytes":              `hunter2-of-\xc3\xa9\xf0\x9f\x98\x80`,
		"HTML in ASCII":      `hunter2-of-&#233;&#128512;`,
		"an address":         `hunter2-of-%C3%A9%F0%9F%98%80`,
	} {
		for _, quote := range []string{s, `{"key": "` + s + `", "b": 1}`} {
			if got := m.Text("no login with " + quote + " at all"); strings.Contains(got, "hunter2") || !strings.Contains(got, Hidden) {
				t.Errorf("%s: %s: %s", writer, quote, got)
			}
		}
	}
	for _, plain := range []string{
		`C:\users\new \u0041 \x41 \/ \\ "a"`, `a&lt;b &amp; c &#43;`, `100%25 of %2F %zz %`, `half \ud83d of one`, `%ff%fe`,
	} {
		if got := m.Text(plain); got != plain {
			t.Errorf("%s became %s", plain, got)
		}
	}
}

// The time that escapes take grows with the text, and no faster.
func BenchmarkEscapes(b *testing.B) {
	m := New()
	m.Find("hunter2-hunter2-x")
	for _, unit := range []string{`\`, `\u0041`, "&#65;", "%41", `\u0026#x41;`} {
		for _, size := range []int{1 << 16, 1 << 20} {
			long := strings.Repeat(unit, size/len(unit))
			b.Run(fmt.Sprintf("%s/%d KiB", unit, size>>10), func(b *testing.B) {
				b.SetBytes(int64(size))
				for b.Loop() {
					m.Text(long)
				}
			})
		}
	}
}
