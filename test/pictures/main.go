// Command pictures shows the report's page as a browser does, and writes what it shows
// into docs/pictures. The pages are those that the tests of the report hold fast.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// picture is what one file shows.
type picture struct {
	name, page string // a folder in the testdata of internal/report; "": the page of the review apps; or metricsText
	width      int
	dark       bool
}

const (
	wide  = 1300
	desk  = 1000
	phone = 400
)

var pictures = []picture{
	{"success", "consistent", desk, false},
	{"success-phone", "consistent", phone, true},
	{"healed", "promoted", desk, false},
	{"image", "image-missing", desk, false},
	{"crash", "crash", desk, true},
	{"hook", "hook-failed", desk, false},
	{"quota", "quota", phone, false},
	{"permission", "founding", desk, false},
	{"teardown", "teardown-kept", desk, false},
	{"fleet", "", wide, false},
	{"fleet-phone", "", phone, true},
	{"metrics", metricsText, desk, false},
}

const maxHeight = 2200

func main() {
	if err := takeAll("docs/pictures"); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

func takeAll(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	browser, err := findBrowser()
	if err != nil {
		return err
	}
	if err := checkFont(ctx); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "berth-pictures-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range pictures {
		if err := p.take(ctx, browser, scratch, filepath.Join(dir, p.name+".png")); err != nil {
			return fmt.Errorf("take the picture %s: %w", p.name, err)
		}
	}
	return nil
}

func findBrowser() (string, error) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, err := exec.LookPath(name); name != "" && err == nil {
			return path, nil
		}
	}
	return "", errors.New("no Chromium was found; install it, or set CHROMIUM to its path")
}

// checkFont says what is missing for the marks before the headlines, where it can be told.
func checkFont(ctx context.Context) error {
	fonts, err := exec.CommandContext(ctx, "fc-list", ":color=true").Output()
	if err == nil && len(bytes.TrimSpace(fonts)) == 0 {
		return errors.New("no font has emoji; install one, such as fonts-noto-color-emoji")
	}
	return nil
}

func (p picture) take(ctx context.Context, browser, scratch, file string) error {
	page, err := p.file(scratch)
	if err != nil {
		return err
	}
	shot := filepath.Join(scratch, p.name+".png")
	args := []string{"--headless", "--disable-gpu", "--hide-scrollbars", "--user-data-dir=" + filepath.Join(scratch, "profile"),
		"--window-size=" + strconv.Itoa(p.width) + ",3000", "--screenshot=" + shot}
	if p.dark {
		args = append(args, "--blink-settings=preferredColorScheme=0")
	}
	if os.Getuid() == 0 { // Chromium's sandbox is not for root, and the page is our own
		args = append(args, "--no-sandbox")
	}
	if out, err := exec.CommandContext(ctx, browser, append(args, "file://"+page)...).CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	data, err := os.ReadFile(shot)
	if err != nil {
		return err
	}
	whole, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, reduced(whole, contentHeight(whole))); err != nil {
		return err
	}
	fmt.Printf("%s: %d kB\n", file, b.Len()/1000)
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// file returns the path of the page.
func (p picture) file(scratch string) (string, error) {
	if p.page != "" && p.page != metricsText {
		return filepath.Abs(filepath.Join("internal/report/testdata", p.page, "report.html"))
	}
	data, err := fleetPage()
	if p.page == metricsText {
		data, err = metricsPage(), nil
	}
	if err != nil {
		return "", err
	}
	file := filepath.Join(scratch, p.name+".html")
	return file, os.WriteFile(file, data, 0o600)
}

// contentHeight returns how much of a screenshot is more than its ground, and a margin.
func contentHeight(m image.Image) int {
	r := m.Bounds()
	ground := m.At(r.Max.X-1, r.Max.Y-1)
	for y := r.Max.Y - 1; y >= 0; y-- {
		for x := range r.Max.X {
			if m.At(x, y) != ground {
				return min(y+16, r.Max.Y, maxHeight)
			}
		}
	}
	return 1
}

// reduced returns the upper part of an image in its 256 most frequent colours, which
// makes a page of text a third of its size.
func reduced(m image.Image, height int) *image.Paletted {
	r := image.Rect(0, 0, m.Bounds().Dx(), height)
	counts := map[color.Color]int{}
	for y := range r.Max.Y {
		for x := range r.Max.X {
			counts[coarse(m.At(x, y))]++
		}
	}
	var palette color.Palette
	for c := range counts {
		palette = append(palette, c)
	}
	slices.SortFunc(palette, func(a, b color.Color) int {
		if n := counts[b] - counts[a]; n != 0 {
			return n
		}
		return value(a) - value(b)
	})
	out := image.NewPaletted(r, palette[:min(len(palette), 256)])
	index := map[color.Color]uint8{}
	for c := range counts {
		index[c] = uint8(out.Palette.Index(c))
	}
	for y := range r.Max.Y {
		for x := range r.Max.X {
			out.SetColorIndex(x, y, index[coarse(m.At(x, y))])
		}
	}
	return out
}

// coarse returns a colour that is one with its nearest neighbours: there are so many greys
// at the edges of letters that nothing would be left for the marks.
func coarse(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	part := func(v uint32) uint8 { return uint8(min(255, (v>>8+4)/8*8)) }
	return color.RGBA{part(r), part(g), part(b), 255}
}

// value orders colours, so that the same page makes the same file.
func value(c color.Color) int {
	r, g, b, _ := c.RGBA()
	return int(r>>8)<<16 | int(g>>8)<<8 | int(b>>8)
}
