using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace GrainVault.Api.Tests.Watching;

/// <summary>The Chromium that is installed on this machine, without a window.</summary>
internal sealed class Browser : IAsyncDisposable
{
    private const float PatienceMs = 30_000;

    private readonly IPlaywright _playwright;
    private readonly IBrowser _browser;

    private Browser(IPlaywright playwright, IBrowser browser) => (_playwright, _browser) = (playwright, browser);

    public static async Task<Browser> StartAsync()
    {
        var program = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
            .SelectMany(folder => new[] { "chromium", "chromium-browser", "google-chrome" }.Select(name => Path.Combine(folder, name)))
            .FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException("No Chromium on PATH; on Debian: apt-get install chromium");
        Assertions.SetDefaultExpectTimeout(PatienceMs);
        var playwright = await Playwright.CreateAsync();
        var browser = await playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = program,
            // Its sandbox does not run as root, and it opens nothing but our own pages here.
            Args = ["--no-sandbox", "--disable-dev-shm-usage"],
            Timeout = 2 * PatienceMs,
        });
        return new Browser(playwright, browser);
    }

    /// <summary>Opens a page; the list takes what it complains about.</summary>
    public async Task<(IPage Page, ConcurrentQueue<string> Complaints)> OpenAsync(Uri address, ColorScheme scheme = ColorScheme.Light, int width = 1280)
    {
        var page = await _browser.NewPageAsync(new BrowserNewPageOptions { ColorScheme = scheme, ViewportSize = new ViewportSize { Width = width, Height = 800 } });
        page.SetDefaultTimeout(PatienceMs);
        var complaints = new ConcurrentQueue<string>();
        page.Console += (_, message) => complaints.Enqueue(message.Text);
        page.PageError += (_, error) => complaints.Enqueue($"uncaught {error}");
        await page.GotoAsync(address.ToString());
        return (page, complaints);
    }

    public async ValueTask DisposeAsync()
    {
        await _browser.DisposeAsync();
        _playwright.Dispose();
    }
}
