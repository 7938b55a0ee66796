using GrainVault.Api.Tests.Running;
using Microsoft.Playwright;

namespace GrainVault.Api.Tests.Watching;

[Collection(RunningVault.Name)]
public sealed class ClusterPageBrowserTests(VaultFixture fixture)
{
    private const int PhoneWidth = 390;

    [Fact]
    public async Task Administrator_signs_in_and_sees_live_numbers_and_nobody_else_does()
    {
        await using var browser = await Browser.StartAsync();
        var (page, complaints) = await browser.OpenAsync(new Uri(fixture.Address, "/dashboard"));
        using var user = await fixture.SignUpAsync();

        await SignInAsync(page, user.Email, user.Password);
        await Assertions.Expect(page.Locator("#sign-in-error")).ToHaveTextAsync("This account is no administrator.");
        await SignInAsync(page, fixture.Administrator.Email, "not the password");
        await Assertions.Expect(page.Locator("#sign-in-error")).ToHaveTextAsync("Unknown user or wrong password.");
        await Assertions.Expect(page.Locator("#board")).ToBeHiddenAsync();

        await SignInAsync(page, fixture.Administrator.Email, fixture.Administrator.Password);
        await Assertions.Expect(page.Locator("#processes tbody tr")).ToHaveCountAsync(1);
        await Assertions.Expect(page.Locator("#processes tbody")).ToContainTextAsync($":{fixture.Vault.Pid}");
        await Assertions.Expect(page.Locator("#processes tbody")).ToContainTextAsync("running");
        await Assertions.Expect(page.Locator("#activations tbody")).ToContainTextAsync("JanitorGrain");

        // Live: what happens from now on shows up without anybody touching the page.
        await Assertions.Expect(page.Locator("#methods tbody")).Not.ToContainTextAsync("FindByPathAsync");
        using var _ = await user.Http.GetAsync("/v1/files/by-path/nothing");
        await Assertions.Expect(page.Locator("#methods tbody")).ToContainTextAsync("FindByPathAsync");

        // The session outlives the page, for whom the cookie was made.
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#activations tbody")).ToContainTextAsync("JanitorGrain");
        await page.ClickAsync("#sign-out");
        await Assertions.Expect(page.Locator("#sign-in")).ToBeVisibleAsync();
        await page.ReloadAsync();
        await Assertions.Expect(page.Locator("#board")).ToBeHiddenAsync();
        Assert.DoesNotContain(complaints, complaint => complaint.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase) || complaint.StartsWith("uncaught", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Page_fits_a_phone_in_light_and_dark(ColorScheme scheme)
    {
        await using var browser = await Browser.StartAsync();
        var (page, _) = await browser.OpenAsync(new Uri(fixture.Address, "/cluster"), scheme, PhoneWidth);
        await SignInAsync(page, fixture.Administrator.Email, fixture.Administrator.Password);
        await Assertions.Expect(page.Locator("#activations tbody")).ToContainTextAsync("JanitorGrain");

        Assert.True(await page.EvaluateAsync<int>("document.documentElement.scrollWidth") <= PhoneWidth);
        var luminance = await page.EvaluateAsync<int>(
            "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0)");
        Assert.Equal(scheme == ColorScheme.Light, luminance > 3 * 128);
    }

    private static async Task SignInAsync(IPage page, string email, string password)
    {
        await page.FillAsync("#email", email);
        await page.FillAsync("#password", password);
        await page.ClickAsync("#sign-in button");
    }
}
