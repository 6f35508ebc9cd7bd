package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/clientcmd"
)

const ttlSeconds = 5

// resolver answers what pods of a test cluster ask: the addresses of Services, and of headless Services' endpoints.
// CoreDNS would add minutes to the build of a cluster that never resolves anything else.
type resolver struct {
	zone     string // "cluster.local."
	services corelisters.ServiceLister
	slices   discoverylisters.EndpointSliceLister
}

// lookup takes a lower-case name with its final dot. known is false where no such name exists (NXDOMAIN).
func (r resolver) lookup(name string) (addresses []net.IP, known bool) {
	rest, inZone := strings.CutSuffix(name, ".svc."+r.zone)
	labelsOfName := strings.Split(rest, ".")
	if !inZone || len(labelsOfName) != 2 {
		return nil, false
	}
	service, err := r.services.Services(labelsOfName[1]).Get(labelsOfName[0])
	if err != nil {
		return nil, false
	}
	if service.Spec.ClusterIP != "None" {
		if ip := net.ParseIP(service.Spec.ClusterIP).To4(); ip != nil {
			addresses = append(addresses, ip)
		}
		return addresses, true
	}
	ofService := labels.SelectorFromSet(labels.Set{"kubernetes.io/service-name": service.Name})
	slices, err := r.slices.EndpointSlices(service.Namespace).List(ofService)
	if err != nil {
		return nil, true
	}
	for _, slice := range slices {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready {
				continue
			}
			for _, address := range endpoint.Addresses {
				if ip := net.ParseIP(address).To4(); ip != nil {
					addresses = append(addresses, ip)
				}
			}
		}
	}
	return addresses, true
}

// answer packs the reply to one question; nil where the packet is no question.
func (r resolver) answer(packet []byte) []byte {
	var parser dnsmessage.Parser
	header, err := parser.Start(packet)
	if err != nil || header.Response {
		return nil
	}
	question, err := parser.Question()
	if err != nil {
		return nil
	}
	reply := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionDesired: header.RecursionDesired},
		Questions: []dnsmessage.Question{question},
	}
	addresses, known := r.lookup(strings.ToLower(question.Name.String()))
	if !known {
		reply.RCode = dnsmessage.RCodeNameError
	}
	if question.Type == dnsmessage.TypeA {
		for _, ip := range addresses {
			reply.Answers = append(reply.Answers, dnsmessage.Resource{
				Header: dnsmessage.ResourceHeader{Name: question.Name, Class: dnsmessage.ClassINET, TTL: ttlSeconds},
				Body:   &dnsmessage.AResource{A: [4]byte(ip)},
			})
		}
	}
	packed, err := reply.Pack()
	if err != nil {
		return nil
	}
	return packed
}

func serviceDNS() {
	kubeconfig := flag.String("kubeconfig", "", "how to reach the apiserver")
	listen := flag.String("listen", "127.0.0.1:53", "UDP address")
	zone := flag.String("zone", "cluster.local.", "the cluster's domain, with its final dot")
	flag.Parse()

	config, err := clientcmd.BuildConfigFromFlags("", *kubeconfig)
	if err != nil {
		log.Fatal(err)
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	factory := informers.NewSharedInformerFactory(client, time.Hour)
	names := resolver{
		zone:     *zone,
		services: factory.Core().V1().Services().Lister(),
		slices:   factory.Discovery().V1().EndpointSlices().Lister(),
	}
	factory.Start(context.Background().Done())
	factory.WaitForCacheSync(context.Background().Done())

	socket, err := net.ListenPacket("udp4", *listen)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("answering for %s on %s", *zone, socket.LocalAddr())
	buffer := make([]byte, 4096)
	for {
		size, client, err := socket.ReadFrom(buffer)
		if errors.Is(err, net.ErrClosed) {
			log.Fatal(err)
		}
		if err != nil {
			continue
		}
		if reply := names.answer(buffer[:size]); reply != nil {
			if _, err := socket.WriteTo(reply, client); err != nil {
				log.Print(err)
			}
		}
	}
}
