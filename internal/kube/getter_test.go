package kube

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/berth-dev/berth/internal/apifailure"
	"github.com/berth-dev/berth/internal/kube/transport"
)

var errInterrupted = errors.New("interrupted by SIGINT")

// behind returns clients behind a fence, made as Helm makes them.
func behind(t *testing.T, c *Conn, f *transport.Fence) (*kubernetes.Clientset, *http.Client) {
	t.Helper()
	config, err := c.Getter("ns", f).ToRESTConfig()
	if err != nil {
		t.Fatal(err)
	}
	plain, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	typed, err := kubernetes.NewForConfigAndClient(config, plain)
	if err != nil {
		t.Fatal(err)
	}
	return typed, plain
}

func wantFenced(t *testing.T, err error) {
	t.Helper()
	if !errors.Is(err, apifailure.ErrFenced) || !errors.Is(err, errInterrupted) || !strings.Contains(err.Error(), "SIGINT") {
		t.Errorf("got %v, want it fenced for the reason", err)
	}
}

func TestGetterIsFenced(t *testing.T) {
	asked := make(chan string, 10)
	c := serve(t, func(_ http.ResponseWriter, r *http.Request) { asked <- r.Method })
	f := transport.NewFence(t.Context())
	getter := c.Getter("ns", f)
	typed, _ := behind(t, c, f)
	metadata, err := getter.Metadata()
	if err != nil {
		t.Fatal(err)
	}
	core, err := getter.Core()
	if err != nil {
		t.Fatal(err)
	}
	client, dynamic, err := getter.Clients()
	if err != nil {
		t.Fatal(err)
	}
	f.Close(errInterrupted)

	secrets := corev1.SchemeGroupVersion.WithResource("secrets")
	_, err = typed.CoreV1().Secrets("ns").Get(withTimeout(t), "s", metav1.GetOptions{})
	wantFenced(t, err)
	_, err = typed.CoreV1().Secrets("ns").Create(withTimeout(t), &corev1.Secret{}, metav1.CreateOptions{})
	wantFenced(t, err)
	_, err = metadata.Resource(secrets).Namespace("ns").List(withTimeout(t), metav1.ListOptions{})
	wantFenced(t, err)
	_, err = core.Secrets("ns").List(withTimeout(t), metav1.ListOptions{})
	wantFenced(t, err)
	_, err = client.CoreV1().Secrets("ns").List(withTimeout(t), metav1.ListOptions{})
	wantFenced(t, err)
	_, err = dynamic.Resource(secrets).Namespace("ns").List(withTimeout(t), metav1.ListOptions{})
	wantFenced(t, err)
	if len(asked) > 0 {
		t.Errorf("the server was asked: %s", <-asked)
	}
	if err := c.Clientset().CoreV1().RESTClient().Get().AbsPath("/x").Do(withTimeout(t)).Error(); err != nil {
		t.Errorf("the connection itself is not fenced: %v", err)
	}
	other, _ := behind(t, c, transport.NewFence(t.Context()))
	if err := other.CoreV1().RESTClient().Get().AbsPath("/x").Do(withTimeout(t)).Error(); err != nil {
		t.Errorf("another operation is not fenced: %v", err)
	}
}
