package record

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"helm.sh/helm/v3/pkg/release"

	"github.com/berth-dev/berth/internal/text"
)

// The sizes that bound a record, in bytes.
const (
	// createLimit is the longest payload that is created. The API server takes
	// 1 MiB; the rest is room for a longer description and for labels.
	createLimit = 900 << 10
	// serverLimit is the longest payload that the API server takes.
	serverLimit = 1 << 20
	// descriptionLimit is the longest description that is stored. A longer one
	// could take a record over the server's limit, and the failure that it
	// describes would not be stored at all.
	descriptionLimit = 2 << 10
	// inflatedLimit is the longest JSON that is read: a payload of 1 MiB could inflate
	// to a thousand times as much, more than the memory holds. Charts with large
	// definitions come to twenty.
	inflatedLimit = 64 << 20
	// valuesLimit is how many values that JSON may have: each takes a hundred bytes
	// and more once it is decoded, though it may be as short as "{},".
	valuesLimit = 2 << 20
)

// encode returns the payload for a release's JSON, byte for byte as Helm does:
// base64 of its gzip.
func encode(raw []byte) (string, error) {
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(raw); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(buf.Bytes()), nil
}

// decode returns a payload's JSON and the release in it. The release's Info is
// never nil.
func decode(payload string) ([]byte, *release.Release, error) {
	stored, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return nil, nil, err
	}
	raw, err := inflate(stored, limits{bytes: inflatedLimit, values: valuesLimit})
	if err != nil {
		return nil, nil, err
	}
	var rls release.Release
	if err := json.Unmarshal(raw, &rls); err != nil {
		return nil, nil, err
	}
	if rls.Info == nil {
		// Helm dereferences it without a check.
		return nil, nil, errors.New("the release has no info")
	}
	return raw, &rls, nil
}

// limits bound JSON that is read, which somebody else may have written.
type limits struct{ bytes, values int }

// inflate returns the JSON of what a payload holds. It reads it twice, and keeps
// nothing of it before the first time has shown that it is within the limits: a
// buffer that grows with what turns out to be too long would have taken five times
// the limit.
func inflate(stored []byte, limits limits) ([]byte, error) {
	size := measure{limits: limits}
	r, err := uncompressed(stored)
	if err != nil {
		return nil, err
	}
	// The error of a checksum comes with the end.
	if _, err := io.Copy(&size, r); err != nil {
		return nil, err
	}
	if r, err = uncompressed(stored); err != nil {
		return nil, err
	}
	raw := make([]byte, size.bytes)
	_, err = io.ReadFull(r, raw)
	return raw, err
}

// uncompressed reads what a payload holds. Records older than Helm's compression
// are plain JSON.
func uncompressed(stored []byte) (io.Reader, error) {
	if !bytes.HasPrefix(stored, gzipMagic) {
		return bytes.NewReader(stored), nil
	}
	return gzip.NewReader(bytes.NewReader(stored))
}

var gzipMagic = []byte{0x1f, 0x8b, 0x08}

// measure is how large the JSON is that was written to it. A write that takes it
// over a limit returns an error.
type measure struct {
	limits          limits
	bytes, values   int
	quoted, escaped bool // where the next byte stands
}

// Write counts the values by what stands before one: an opening bracket, a comma, a
// colon.
func (m *measure) Write(part []byte) (int, error) {
	if m.bytes += len(part); m.bytes > m.limits.bytes {
		return 0, fmt.Errorf("it inflates to more than %d bytes", m.limits.bytes)
	}
	for _, c := range part {
		switch {
		case m.escaped:
			m.escaped = false
		case m.quoted && c == '\\':
			m.escaped = true
		case c == '"':
			m.quoted = !m.quoted
		case !m.quoted && (c == '[' || c == '{' || c == ',' || c == ':'):
			m.values++
		}
	}
	if m.values > m.limits.values {
		return 0, fmt.Errorf("it has more than %d values", m.limits.values)
	}
	return len(part), nil
}

// marshal returns a release's JSON with its description truncated to
// maxDescription bytes. The release itself is Helm's and is not modified.
func marshal(rls *release.Release, maxDescription int) ([]byte, error) {
	if rls.Info == nil {
		return nil, errors.New("the release has no info")
	}
	stored, info := *rls, *rls.Info
	info.Description = truncate(info.Description, maxDescription)
	stored.Info = &info
	return json.Marshal(&stored)
}

// merge applies the changes of a release to the payload that it was stored as
// and returns the new payload. The changes are the differences from the stored
// release as this version of Helm reads it. So fields that only Helm 4 knows
// survive at any depth, and known fields that were emptied are removed.
func merge(payload string, rls *release.Release) (string, error) {
	raw, before, err := decode(payload)
	if err != nil {
		return "", err
	}
	from, err := json.Marshal(before)
	if err != nil {
		return "", err
	}
	return fitDescription(func(maxDescription int) (string, error) {
		to, err := marshal(rls, maxDescription)
		if err != nil {
			return "", err
		}
		patch, err := jsonpatch.CreateMergePatch(from, to)
		if err != nil {
			return "", err
		}
		return encodePatched(raw, patch)
	})
}

// mergeStatus sets status and description in a release's JSON and returns the
// new payload.
func mergeStatus(raw []byte, status, description string) (string, error) {
	return fitDescription(func(maxDescription int) (string, error) {
		patch, err := json.Marshal(map[string]any{"info": map[string]string{
			"status": status, "description": truncate(description, maxDescription),
		}})
		if err != nil {
			return "", err
		}
		return encodePatched(raw, patch)
	})
}

// encodePatched returns the payload of a release's JSON with a merge patch
// applied.
func encodePatched(raw, patch []byte) (string, error) {
	merged, err := jsonpatch.MergePatch(raw, patch)
	if err != nil {
		return "", err
	}
	return encode(merged)
}

// fitDescription builds a payload with the longest description with which it
// stays within the server's limit. So a record that somebody else filled up to
// the limit can still be given a status. It returns a *TooLargeError if the
// payload is too long without a description.
func fitDescription(build func(maxDescription int) (string, error)) (string, error) {
	var size int
	for _, limit := range []int{descriptionLimit, descriptionLimit / 8, 0} {
		payload, err := build(limit)
		if err != nil || len(payload) <= serverLimit {
			return payload, err
		}
		size = len(payload)
	}
	return "", &TooLargeError{Size: size, Limit: serverLimit}
}

// truncate shortens s to at most limit bytes of valid UTF-8.
func truncate(s string, limit int) string {
	return text.Cut(strings.ToValidUTF8(s, string(utf8.RuneError)), limit)
}
