// A rival: what one would write in Go's standard library. Probes all URLs at once for each /healthz, with nothing
// shared between requests, and answers /livez from memory.
//
//	rival [-k] PORT STATUS@URL…
package main

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

type target struct {
	url    string
	status int
}

type result struct {
	URL        string  `json:"url"`
	Status     string  `json:"status"`
	HTTPStatus int     `json:"http_status,omitempty"`
	Error      string  `json:"message,omitempty"`
	DurationMS float64 `json:"duration_ms"`
}

func probe(client *http.Client, target target) result {
	started := time.Now()
	result := result{URL: target.url, Status: "unhealthy"}
	response, err := client.Get(target.url)
	if err != nil {
		result.Error = err.Error()
	} else {
		_, err = io.Copy(io.Discard, io.LimitReader(response.Body, 64<<10))
		response.Body.Close()
		result.HTTPStatus = response.StatusCode
		if err == nil && response.StatusCode == target.status {
			result.Status = "healthy"
		}
	}
	result.DurationMS = float64(time.Since(started).Microseconds()) / 1000
	return result
}

func main() {
	keeps := flag.Bool("k", false, "keep connections for the next probe")
	flag.Parse()
	if flag.NArg() < 2 {
		os.Exit(64)
	}
	var targets []target
	for _, argument := range flag.Args()[1:] {
		text, url, _ := strings.Cut(argument, "@")
		status, _ := strconv.Atoi(text)
		targets = append(targets, target{url, status})
	}
	transport := &http.Transport{DisableKeepAlives: !*keeps, MaxIdleConnsPerHost: 256}
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}

	http.HandleFunc("/livez", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		io.WriteString(w, "alive\n")
	})
	http.HandleFunc("/healthz", func(w http.ResponseWriter, r *http.Request) {
		results := make([]result, len(targets))
		var all sync.WaitGroup
		for i := range targets {
			all.Add(1)
			go func(i int) {
				defer all.Done()
				results[i] = probe(client, targets[i])
			}(i)
		}
		all.Wait()
		status := http.StatusOK
		for _, result := range results {
			if result.Status != "healthy" {
				status = http.StatusInternalServerError
			}
		}
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(results)
	})
	server := &http.Server{Addr: "127.0.0.1:" + flag.Arg(0), ReadHeaderTimeout: 5 * time.Second}
	server.ListenAndServe()
}
