package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// Names of what credentials writes into the directory.
const (
	caFile         = "ca.crt"
	servingCert    = "serving.crt"
	servingKey     = "serving.key"
	serviceAccount = "service-account.key"
)

// writeCredentials makes the cluster's authority, one serving certificate that
// the API server and the node share, and the key that signs service account
// tokens. ECDSA: a fresh RSA key costs a noticeable part of the start.
func writeCredentials(dir, nodeIP string) error {
	caKey, err := newKey()
	if err != nil {
		return err
	}
	ca := template("berth-test-ca")
	ca.IsCA, ca.KeyUsage = true, x509.KeyUsageCertSign|x509.KeyUsageDigitalSignature
	if err := writeCert(dir, caFile, ca, ca, caKey.Public(), caKey); err != nil {
		return err
	}
	key, err := newKey()
	if err != nil {
		return err
	}
	cert := template("localhost")
	cert.KeyUsage = x509.KeyUsageDigitalSignature
	cert.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	cert.DNSNames = []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"}
	// The second is the address of the service "kubernetes", by which a pod on a real node finds it.
	cert.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1), net.IPv4(10, 96, 0, 1)}
	if ip := net.ParseIP(nodeIP); ip != nil {
		cert.IPAddresses = append(cert.IPAddresses, ip)
	}
	if err := writeCert(dir, servingCert, cert, ca, key.Public(), caKey); err != nil {
		return err
	}
	if err := writeKey(dir, servingKey, key); err != nil {
		return err
	}
	signer, err := newKey()
	if err != nil {
		return err
	}
	return writeKey(dir, serviceAccount, signer)
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("generating a key: %w", err)
	}
	return key, nil
}

func template(name string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber:          big.NewInt(time.Now().UnixNano()),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().AddDate(1, 0, 0),
		BasicConstraintsValid: true,
	}
}

func writeCert(dir, name string, cert, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) error {
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, public, signer)
	if err != nil {
		return fmt.Errorf("signing %s: %w", name, err)
	}
	return writePEM(dir, name, "CERTIFICATE", der)
}

func writeKey(dir, name string, key *ecdsa.PrivateKey) error {
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return fmt.Errorf("encoding %s: %w", name, err)
	}
	return writePEM(dir, name, "EC PRIVATE KEY", der)
}

func writePEM(dir, name, kind string, der []byte) error {
	data := pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		return fmt.Errorf("writing the cluster's credentials: %w", err)
	}
	return nil
}

// newToken returns a bearer token nobody can guess.
func newToken() string {
	random := make([]byte, 16)
	_, _ = rand.Read(random) // never fails: the runtime ends the process instead
	return hex.EncodeToString(random)
}
