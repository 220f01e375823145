package browsertest

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// restaurantProgram builds the example once.
var restaurantProgram = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "restaurant")
	build := exec.CommandContext(context.Background(), "go", "build", "-o", path, "./restaurant")
	build.Dir = filepath.Join("..", "..", "examples")
	build.Stderr = os.Stderr
	return path, build.Run()
})

// restaurant starts the example as a user does and returns the address that it prints.
func restaurant(t *testing.T) string {
	t.Helper()
	path, err := restaurantProgram()
	require.NoError(t, err)
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path)
	cmd.Env = append(os.Environ(), "WHATSAPP_ACCESS_TOKEN=")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		require.NoError(t, cmd.Wait())
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address := strings.TrimSpace(lines.Text()); strings.HasPrefix(address, "http://") {
			return address
		}
	}
	t.Fatal("the restaurant printed no address")
	return ""
}

func TestRestaurantOrderByTapping(t *testing.T) {
	t.Parallel()
	p := open(t, restaurant(t))
	ana := p.phone(0)

	ana.say("oi")
	ana.shows("De onde você quer pedir")
	p.wait(`[...document.querySelectorAll(".strip img")].length > 1`)
	p.wait(`document.querySelector(".strip img").naturalWidth > 300`) // a real picture, from the bot
	ana.tapFirst("Ver cardápio")
	ana.shows("O que vai ser?")
	ana.pick("Ver categorias", "Pizzas")
	ana.shows("Escolha um item")
	ana.pick("Ver opções", "Margherita")
	ana.shows("Margherita está no carrinho")
	ana.tap("🛒 Ver carrinho")
	ana.shows("Total: R$ 49,90")
	ana.tap("Fechar pedido")
	ana.shows("Confira o pedido")
	ana.tap("✅ Confirmar")
	ana.shows("Pedido recebido!")
	ana.tap("Acompanhar")
	ana.shows("está sendo preparado")
	require.Contains(t, p.accessible(`[...document.querySelectorAll(".msg.in")].at(-1)`), anchor("Ver o pedido"))

	// Buttons of old messages stay tappable: the cart is empty by now.
	ana.tap("🛒 Ver carrinho")
	ana.shows("Seu carrinho está vazio")
	require.Zero(t, p.count(".unrouted"), "every button of the restaurant reaches a route")
}

// The user with the old phone gets another shape, and the page says that the carousel failed before.
func TestRestaurantOnAnOldPhone(t *testing.T) {
	t.Parallel()
	p := open(t, restaurant(t))
	chooser := `document.querySelector(".owner select")`
	p.do(chromedp.Evaluate[chromedp.Void](`(() => { const s = ` + chooser + `; s.value = [...s.options].find((o) => o.textContent === "Caio").value;
		s.dispatchEvent(new Event("change", { bubbles: true })); })()`))
	caio := p.phone(0)
	p.wait(`document.querySelector(".limits").textContent === "This phone cannot show: carousels"`)
	caio.say("oi")
	p.wait(`document.querySelector(".msg.in:has(.ticks.failed)")`)
	p.wait(`document.querySelector(".after")?.textContent === "Sent after the carousel failed with 131026"`)
	p.wait(`document.querySelectorAll(".msg.in:not(:has(.ticks.failed)) .choice").length === 3`)
	caio.tap("Ver cardápio") // of the last
	caio.shows("O que vai ser?")
	caio.say("SALADAS")
	caio.shows("Escolha um item")
}
