package main

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// logFiles are what containers print, one file a behaviour.
//
//go:embed logs/*.log
var logFiles embed.FS

// serveLogs answers what the API server asks a kubelet for. kwok's own server
// picks a log by a pod's exact name; here the pod's annotations choose it.
func (k *kubelet) serveLogs(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", k.containerLogs)
	server := &http.Server{Addr: k.address, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServeTLS(k.cert, k.key); err != nil && ctx.Err() == nil {
		return fmt.Errorf("serving the logs: %w", err)
	}
	return nil
}

func (k *kubelet) containerLogs(w http.ResponseWriter, r *http.Request) {
	name, container := r.PathValue("pod"), r.PathValue("container")
	pod, err := k.client.CoreV1().Pods(r.PathValue("namespace")).Get(r.Context(), name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		http.Error(w, fmt.Sprintf("pod %q not found", name), http.StatusNotFound)
		return
	case err != nil:
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	status := containerStatus(pod, container)
	query := r.URL.Query()
	switch {
	case status == nil:
		http.Error(w, fmt.Sprintf("container %q in pod %q is not available", container, name), http.StatusBadRequest)
		return
	case query.Get("previous") == "true" && status.LastTerminationState.Terminated == nil:
		http.Error(w, fmt.Sprintf("previous terminated container %q in pod %q not found", container, name), http.StatusBadRequest)
		return
	case status.State.Waiting != nil && status.LastTerminationState.Terminated == nil:
		why := status.State.Waiting.Reason
		switch why { // the words of a kubelet: tools look for them
		case "ErrImagePull":
			why = "image can't be pulled"
		case "ImagePullBackOff":
			why = "trying and failing to pull image"
		}
		http.Error(w, fmt.Sprintf("container %q in pod %q is waiting to start: %s", container, name, why), http.StatusBadRequest)
		return
	}
	text := logText(pod)
	if n, err := strconv.Atoi(query.Get("tailLines")); err == nil {
		text = tail(text, n)
	}
	if query.Get("timestamps") == "true" {
		text = stamp(text, pod.CreationTimestamp.Time)
	}
	if n, err := strconv.Atoi(query.Get("limitBytes")); err == nil && n < len(text) {
		text = text[:n]
	}
	w.Header().Set("Content-Type", "text/plain")
	_, _ = w.Write([]byte(text)) // the reader may have gone
}

func containerStatus(pod *corev1.Pod, name string) *corev1.ContainerStatus {
	for _, list := range [][]corev1.ContainerStatus{pod.Status.ContainerStatuses, pod.Status.InitContainerStatuses} {
		for i := range list {
			if list[i].Name == name {
				return &list[i]
			}
		}
	}
	return nil
}

// logText is the annotation's own text, or the file of the pod's behaviour.
func logText(pod *corev1.Pod) string {
	if text, ok := pod.Annotations[logKey]; ok {
		return text
	}
	behaviour := pod.Annotations[behaviourKey]
	if behaviour == "" {
		behaviour = "ready"
		if owner := metav1.GetControllerOf(pod); owner != nil && owner.Kind == "Job" {
			behaviour = "complete"
		}
	}
	text, err := logFiles.ReadFile("logs/" + behaviour + ".log")
	if err != nil {
		return "" // nothing was printed: the container never started
	}
	return string(text)
}

func tail(text string, lines int) string {
	all := strings.SplitAfter(text, "\n")
	if all[len(all)-1] == "" {
		all = all[:len(all)-1]
	}
	return strings.Join(all[max(0, len(all)-lines):], "")
}

func stamp(text string, start time.Time) string {
	var out strings.Builder
	for i, line := range strings.SplitAfter(text, "\n") {
		if line != "" {
			at := start.Add(time.Duration(i) * time.Millisecond).UTC()
			out.WriteString(at.Format(time.RFC3339Nano) + " " + line)
		}
	}
	return out.String()
}
