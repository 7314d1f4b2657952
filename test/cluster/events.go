package main

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
)

// events records what a kubelet would say. A Stage can emit events itself, but
// only with a fixed message; a kubelet's messages name the image and the pod,
// and that is what people, and tests, look for.
type events struct{ recorder record.EventRecorder }

func newEvents(client kubernetes.Interface) events {
	broadcaster := record.NewBroadcaster()
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")})
	return events{broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: "kubelet", Host: nodeName})}
}

// emit records one event. Without a container it is about the pod.
func (e events) emit(pod *corev1.Pod, container, kind, reason, message string) {
	of := &corev1.ObjectReference{APIVersion: "v1", Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name, UID: pod.UID}
	if container != "" {
		of.FieldPath = "spec.containers{" + container + "}"
	}
	e.recorder.Event(of, kind, reason, message)
}
