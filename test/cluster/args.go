package main

import (
	_ "embed"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// Users of the plane. All are administrators; they have names of their own so
// that the audit log can leave the plane's own traffic out.
const (
	adminUser     = "admin"
	managerUser   = "plane:controller-manager"
	schedulerUser = "plane:scheduler"
	kubeletUser   = "plane:kubelet"
)

// auditPolicy keeps every request that does not come from the plane itself.
//
//go:embed audit-policy.yaml
var auditPolicy []byte

// ports are the loopback ports of one start.
type ports struct{ etcd, etcdPeer, apiServer, kubelet int }

// freePorts picks ports nobody listens on. All are held until the last one is
// picked, so that they differ.
func freePorts() (ports, error) {
	var picked [4]int
	for i := range picked {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return ports{}, fmt.Errorf("looking for a free loopback port: %w", err)
		}
		defer listener.Close() //nolint:gocritic // all are open until all are picked
		picked[i] = listener.Addr().(*net.TCPAddr).Port
	}
	return ports{etcd: picked[0], etcdPeer: picked[1], apiServer: picked[2], kubelet: picked[3]}, nil
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

func (p *plane) path(name string) string { return filepath.Join(p.dir, name) }

func (p *plane) server() string { return "https://" + loopback(p.ports.apiServer) }

// accessPath is where one user's kubeconfig lies.
func (p *plane) accessPath(user string) string {
	return p.path(strings.TrimPrefix(user, "plane:") + ".kubeconfig")
}

// writeAccess writes the users' tokens for the API server, a kubeconfig for
// each of them, and the audit policy.
func (p *plane) writeAccess() error {
	ca, err := os.ReadFile(p.path(caFile))
	if err != nil {
		return fmt.Errorf("reading the authority just made: %w", err)
	}
	p.tokens = map[string]string{}
	var table strings.Builder
	for _, user := range []string{adminUser, managerUser, schedulerUser, kubeletUser} {
		p.tokens[user] = newToken()
		fmt.Fprintf(&table, "%s,%s,%s,system:masters\n", p.tokens[user], user, user)
		if err := writeKubeconfig(p.accessPath(user), p.server(), p.tokens[user], ca); err != nil {
			return err
		}
	}
	for name, data := range map[string][]byte{"tokens.csv": []byte(table.String()), "audit-policy.yaml": auditPolicy} {
		if err := os.WriteFile(p.path(name), data, 0o600); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

// args are the flags of one part.
func (p *plane) args(part string) []string {
	switch part {
	case "etcd":
		return []string{"--data-dir", p.path("etcd"), "--client", loopback(p.ports.etcd), "--peer", loopback(p.ports.etcdPeer)}
	case "kube-apiserver":
		return []string{
			"--etcd-servers=http://" + loopback(p.ports.etcd),
			"--bind-address=127.0.0.1",
			fmt.Sprintf("--secure-port=%d", p.ports.apiServer),
			// No endpoints for the service "kubernetes": loopback is not allowed
			// there, and finding another address would depend on the machine.
			"--advertise-address=127.0.0.1", "--endpoint-reconciler-type=none",
			"--tls-cert-file=" + p.path(servingCert), "--tls-private-key-file=" + p.path(servingKey),
			"--cert-dir=" + p.path("certs"),
			"--token-auth-file=" + p.path("tokens.csv"),
			"--authorization-mode=RBAC",
			"--service-account-issuer=https://kubernetes.default.svc",
			"--service-account-key-file=" + p.path(serviceAccount),
			"--service-account-signing-key-file=" + p.path(serviceAccount),
			"--service-cluster-ip-range=10.96.0.0/16",
			"--allow-privileged=true",
			"--disable-admission-plugins=" + p.settings.disabledAdmission(),
			"--kubelet-preferred-address-types=InternalIP",
			"--kubelet-certificate-authority=" + p.path(caFile),
			"--audit-policy-file=" + p.path("audit-policy.yaml"),
			"--audit-log-path=" + p.path("audit.log"),
			"--shutdown-delay-duration=0s",
		}
	case "kube-controller-manager":
		return []string{
			"--kubeconfig=" + p.accessPath(managerUser),
			"--leader-elect=false", "--secure-port=0",
			"--service-account-private-key-file=" + p.path(serviceAccount),
			"--root-ca-file=" + p.path(caFile),
			"--controllers=" + p.settings.controllers(),
			"--kube-api-qps=500", "--kube-api-burst=1000",
		}
	case "kube-scheduler":
		return []string{
			"--kubeconfig=" + p.accessPath(schedulerUser),
			"--leader-elect=false", "--secure-port=0",
			"--kube-api-qps=500", "--kube-api-burst=1000",
		}
	default: // kubelet
		return []string{
			"--kubeconfig", p.accessPath(kubeletUser),
			"--listen", loopback(p.ports.kubelet),
			"--cert", p.path(servingCert), "--key", p.path(servingKey),
		}
	}
}
