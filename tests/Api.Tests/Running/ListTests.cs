using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Orders and filters of lists as a client gives them.</summary>
[Collection(RunningVault.Name)]
public sealed class ListTests(VaultFixture fixture)
{
    [Fact]
    public async Task List_is_sorted_and_filtered_by_the_query()
    {
        using var user = await fixture.SignUpAsync();
        await user.PutFileAsync("b.txt", new byte[3]);
        await user.PutFileAsync("a.png", new byte[2], "image/png");
        await user.MakeFolderAsync("c");

        Assert.Equal(["a.png", "b.txt", "c"], await NamesAsync(user, ""));
        Assert.Equal(["c", "b.txt", "a.png"], await NamesAsync(user, "order=desc"));
        Assert.Equal(["b.txt", "a.png", "c"], await NamesAsync(user, "sort=size&order=desc"));
        Assert.Equal(["a.png"], await NamesAsync(user, "type=image/"));
        Assert.Equal(["c"], await NamesAsync(user, "kind=folder"));
        Assert.Equal(["b.txt"], await NamesAsync(user, "minSize=3&maxSize=3"));
        Assert.Equal(["b.txt"], await NamesAsync(user, "q=B&match=prefix"));
        Assert.Empty(await NamesAsync(user, "q=txt&match=prefix"));
        Assert.Empty(await NamesAsync(user, "modifiedBefore=2020-01-01T00:00:00Z"));
        Assert.Equal(3, (await NamesAsync(user, "modifiedFrom=2020-01-01T00:00:00Z")).Count);
    }

    [Theory]
    [InlineData("sort=colour")]
    [InlineData("sort=NAME")]
    [InlineData("sort=1")]
    [InlineData("order=up")]
    [InlineData("kind=pointer")]
    [InlineData("match=regex&q=x")]
    [InlineData("match=prefix")]
    [InlineData("minSize=-1")]
    [InlineData("modifiedFrom=yesterday")]
    [InlineData("modifiedFrom=2020-01-01")]
    [InlineData("modifiedFrom=2020-01-01T00:00:00")]
    [InlineData("view=recent&parentId=f-0193e9a0-0000-7000-8000-000000000001")]
    [InlineData("modifiedBefore=2026-99-99")]
    [InlineData("type=a%0db")]
    [InlineData("view=trash&sort=name")]
    [InlineData("q=%00")]
    public async Task Query_that_makes_no_sense_is_400(string query)
    {
        using var user = await fixture.SignUpAsync();
        await RefusedAsync(user.Http.GetAsync($"/v1/files?{query}"), 400, "invalid");
    }

    private static async Task<List<string?>> NamesAsync(Account user, string query) =>
        (await user.GetJsonAsync($"/v1/files?{query}")).GetProperty("entries").EnumerateArray().Select(entry => entry.GetProperty("name").GetString()).ToList();
}
