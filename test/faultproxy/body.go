package faultproxy

import (
	"bytes"
	"encoding/json"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/client-go/kubernetes/scheme"
)

// about is what a body says of its object.
type about struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels"`
}

// objectIn reads an object or a patch in JSON, or an object in Protobuf. What is
// neither says nothing.
func objectIn(body []byte) about {
	if bytes.HasPrefix(body, []byte("k8s\x00")) {
		return protobufIn(body)
	}
	var object struct {
		Metadata about `json:"metadata"`
	}
	if err := json.Unmarshal(body, &object); err != nil {
		return about{}
	}
	return object.Metadata
}

func protobufIn(body []byte) about {
	object, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil)
	if err != nil {
		return about{}
	}
	metadata, err := meta.Accessor(object)
	if err != nil {
		return about{}
	}
	return about{Name: metadata.GetName(), Labels: metadata.GetLabels()}
}
