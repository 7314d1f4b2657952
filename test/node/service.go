//go:build linux && node

package main

import (
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"

	"k8s.io/client-go/tools/clientcmd"
)

// apiService is the address of the service "kubernetes", by which pods find the API server.
const apiService = "10.96.0.1"

// serveAPI has the node answer at that address for the API server, which listens on its loopback:
// there is no kube-proxy, which would take a packet filter.
func (n *node) serveAPI() error {
	config, err := clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	if err != nil {
		return fmt.Errorf("reading where the API server is: %w", err)
	}
	server, err := url.Parse(config.Host)
	if err != nil {
		return fmt.Errorf("reading where the API server is: %w", err)
	}
	if out, err := exec.Command("ip", "addr", "add", apiService+"/32", "dev", bridge).CombinedOutput(); err != nil {
		return fmt.Errorf("taking the address of the service kubernetes: %w: %s", err, out)
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(apiService, "443"))
	if err != nil {
		return fmt.Errorf("listening as the service kubernetes: %w", err)
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				n.ended <- fmt.Errorf("the service kubernetes ended: %w", err)
				return
			}
			go forward(client, server.Host)
		}
	}()
	return nil
}

// forward passes on what a client and the API server say, until one of them ends it.
func forward(client net.Conn, to string) {
	defer client.Close()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		defer server.Close()
		_, _ = io.Copy(server, client) // who has ended it is no matter
	}()
	_, _ = io.Copy(client, server)
}
