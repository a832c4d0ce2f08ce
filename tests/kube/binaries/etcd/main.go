// A single etcd for tests: nothing is synced to the disk.
package main

import (
	"flag"
	"log"
	"net/url"
	"os"
	"os/signal"
	"syscall"

	"go.etcd.io/etcd/server/v3/embed"
)

func main() {
	config := embed.NewConfig()
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	flag.StringVar(&config.Dir, "data-dir", "", "folder of the state")
	client := flag.String("listen-client-urls", "", "URL for clients")
	peer := flag.String("listen-peer-urls", "", "URL for peers")
	flag.Parse()
	config.ListenClientUrls, config.AdvertiseClientUrls = urls(*client), urls(*client)
	config.ListenPeerUrls, config.AdvertisePeerUrls = urls(*peer), urls(*peer)
	config.InitialCluster = config.InitialClusterFromName(config.Name)

	server, err := embed.StartEtcd(config)
	if err != nil {
		log.Fatal(err)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	select {
	case <-stop:
		server.Close()
	case err := <-server.Err():
		log.Fatal(err)
	}
}

func urls(text string) []url.URL {
	one, err := url.Parse(text)
	if err != nil || one.Host == "" {
		log.Fatalf("not a URL: %q", text)
	}
	return []url.URL{*one}
}
