package simulator_test

import (
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/wacloud/wacloud/simulator"
)

func servePhone(listener net.Listener) error {
	sim, err := simulator.New(simulator.Options{Webhook: "http://127.0.0.1:8080/webhook"})
	if err != nil {
		return err
	}
	return http.Serve(listener, sim) // on loopback
}

func ExampleNew() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = servePhone(listener) }) // ends with the listener
	state, err := http.Get("http://" + listener.Addr().String() + "/_sim/state")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer state.Body.Close()
	fmt.Println("the control API without the token:", state.Status)
	_ = listener.Close()
	serving.Wait()
	// Output: the control API without the token: 401 Unauthorized
}
