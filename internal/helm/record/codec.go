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
	raw, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return nil, nil, err
	}
	// Records older than Helm's compression are plain JSON.
	if bytes.HasPrefix(raw, gzipMagic) {
		if raw, err = inflate(raw, inflatedLimit); err != nil {
			return nil, nil, err
		}
	}
	if err := checkValues(raw, valuesLimit); err != nil {
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

var gzipMagic = []byte{0x1f, 0x8b, 0x08}

// inflate uncompresses at most limit bytes and returns an error for more.
func inflate(compressed []byte, limit int64) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("it inflates to more than %d bytes", limit)
	}
	return raw, r.Close()
}

// checkValues returns an error for JSON of more than limit values, before it is
// decoded. It counts what stands before a value: an opening bracket, a comma, a colon.
func checkValues(raw []byte, limit int) error {
	quoted, count := false, 0
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++ // whatever is escaped
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '[' || c == '{' || c == ',' || c == ':'):
			if count++; count > limit {
				return fmt.Errorf("it has more than %d values", limit)
			}
		}
	}
	return nil
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
