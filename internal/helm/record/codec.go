package record

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"helm.sh/helm/v3/pkg/release"
)

var gzipMagic = []byte{0x1f, 0x8b, 0x08}

// encode makes the stored string of a release's JSON, byte for byte as Helm.
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

// decode reads a stored string into its JSON and the release in it.
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
	var rls release.Release
	if err := json.Unmarshal(raw, &rls); err != nil {
		return nil, nil, err
	}
	if rls.Info == nil {
		// Helm dereferences it everywhere.
		return nil, nil, errors.New("the release has no info")
	}
	return raw, &rls, nil
}

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

// marshal is a release's JSON with its description cut. The release itself is
// Helm's and stays as it is.
func marshal(rls *release.Release, description int) ([]byte, error) {
	if rls.Info == nil {
		return nil, errors.New("the release has no info")
	}
	stored, info := *rls, *rls.Info
	info.Description = cut(info.Description, description)
	stored.Info = &info
	return json.Marshal(&stored)
}

// merge carries the changes of a release over to the JSON that it was stored
// as, and returns the new stored string. What changed is found by comparing
// with the stored release as this version of Helm reads it, so that fields it
// does not know (those of Helm 4) survive at any depth, and fields it knows
// and emptied go.
func merge(payload string, rls *release.Release) (string, error) {
	raw, before, err := decode(payload)
	if err != nil {
		return "", err
	}
	from, err := json.Marshal(before)
	if err != nil {
		return "", err
	}
	return fit(func(description int) (string, error) {
		to, err := marshal(rls, description)
		if err != nil {
			return "", err
		}
		patch, err := jsonpatch.CreateMergePatch(from, to)
		if err != nil {
			return "", err
		}
		return patched(raw, patch)
	})
}

// mergeStatus sets the status and the description in a release's JSON and
// returns the new stored string.
func mergeStatus(raw []byte, status, description string) (string, error) {
	return fit(func(limit int) (string, error) {
		patch, err := json.Marshal(map[string]any{"info": map[string]string{
			"status": status, "description": cut(description, limit),
		}})
		if err != nil {
			return "", err
		}
		return patched(raw, patch)
	})
}

// patched is the stored string of a release's JSON with a patch merged in.
func patched(raw, patch []byte) (string, error) {
	merged, err := jsonpatch.MergePatch(raw, patch)
	if err != nil {
		return "", err
	}
	return encode(merged)
}
