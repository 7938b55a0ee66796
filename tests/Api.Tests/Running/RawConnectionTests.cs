using System.Net;
using System.Security.Cryptography;
using System.Text;
using GrainVault.TestKit.Processes;
using static GrainVault.Api.Tests.Running.Account;

namespace GrainVault.Api.Tests.Running;

/// <summary>Clients that lie, stall or vanish: nothing of theirs is stored, nothing hangs, nothing is 500.</summary>
[Collection(RunningVault.Name)]
public sealed class RawConnectionTests(VaultFixture fixture)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);
    private static readonly byte[] Part = RandomNumberGenerator.GetBytes(PartSize);

    [Fact]
    public async Task Part_whose_connection_is_cut_stores_nothing()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        var stored = fixture.StoredFiles();
        using (var client = await RawClient.ConnectAsync(fixture.Address))
        {
            await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {PartSize}");
            await client.SendAsync(Part[..(PartSize / 2)]);
            client.FinishSending();
            Assert.Contains(await client.StatusAsync(), new[] { 400, 0 });
        }

        using (var client = await RawClient.ConnectAsync(fixture.Address))
        {
            await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {PartSize}");
            await client.SendAsync(Part[..^1]);
            client.Reset();
        }

        Assert.Equal(0, (await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}")).GetProperty("receivedBytes").GetInt64());
        Assert.Equal(stored, fixture.StoredFiles());
        using var right = await user.PutPartAsync(IdOf(upload), 1, Part);
        Assert.Equal(HttpStatusCode.OK, right.StatusCode);
    }

    [Theory]
    [InlineData("Content-Length: -5")]
    [InlineData("Content-Length: abc")]
    [InlineData("Content-Length: 9999999999999999999999")]
    [InlineData("Content-Length: 5\r\nContent-Length: 6")]
    [InlineData("Transfer-Encoding: gzip")]
    public async Task Impossible_length_is_refused(string header)
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", header);
        Assert.Contains(await client.StatusAsync(), new[] { 400, 411, 413, 501 });
    }

    [Theory]
    [InlineData(PartSize - 1, 400)]
    [InlineData(PartSize + 1, 400)]
    [InlineData(70 << 20, 413)]
    [InlineData(long.MaxValue, 413)]
    public async Task Length_that_the_session_does_not_want_is_refused_before_the_body(long length, int status)
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", 2 * PartSize);
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {length}");
        Assert.Equal(status, await client.StatusAsync());
    }

    [Fact]
    public async Task Body_longer_than_its_length_stores_the_length_and_the_rest_is_no_request()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {PartSize}");
        await client.SendAsync([.. Part, .. "surplus\r\n\r\n"u8]);
        Assert.Equal(200, await client.StatusAsync());
        using var completed = await user.CompleteAsync(IdOf(upload));
        var file = await JsonAsync(completed);
        Assert.Equal(Part, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));
    }

    [Fact]
    public async Task Slow_client_is_dropped_and_stores_nothing()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {PartSize}");
        await client.SendAsync(Part[..1000]);
        Assert.Contains(await client.StatusAsync(), new[] { 408, 0 });
        Assert.Equal(0, (await user.GetJsonAsync($"/v1/uploads/{IdOf(upload)}")).GetProperty("receivedBytes").GetInt64());
    }

    [Fact]
    public async Task Client_that_asks_first_is_refused_without_sending_its_body()
    {
        using var user = await fixture.SignUpAsync();
        var upload = await user.CreateUploadAsync("x", PartSize);
        using (var client = await RawClient.ConnectAsync(fixture.Address))
        {
            await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/2", $"Content-Length: {PartSize}", "Expect: 100-continue");
            Assert.Equal(400, await client.StatusAsync());
        }

        using (var client = await RawClient.ConnectAsync(fixture.Address))
        {
            await client.SendHeadAsync(user, $"PUT /v1/uploads/{IdOf(upload)}/parts/1", $"Content-Length: {PartSize}", "Expect: 100-continue");
            Assert.Equal(100, await client.StatusAsync());
            await client.SendAsync(Part);
            Assert.Equal(200, await client.StatusAsync());
        }
    }

    [Fact]
    public async Task File_whose_connection_is_cut_leaves_no_file_and_no_reservation()
    {
        using var user = await fixture.SignUpAsync();
        foreach (var header in new[] { "Content-Length: 40000000", "Transfer-Encoding: chunked" })
        {
            using var client = await RawClient.ConnectAsync(fixture.Address);
            await client.SendHeadAsync(user, "POST /v1/files?name=cut", header);
            for (var i = 0; i < 4; i++)
            {
                if (header.StartsWith("Transfer", StringComparison.Ordinal))
                    await client.SendAsync($"{PartSize:x}\r\n");
                await client.SendAsync(Part);
                if (header.StartsWith("Transfer", StringComparison.Ordinal))
                    await client.SendAsync("\r\n");
            }

            client.Reset();
        }

        await Eventually.TrueAsync(
            async () => (await user.GetJsonAsync("/v1/me")).GetProperty("reservedBytes").GetInt64() == 0, Soon, () => "the quota stays reserved");
        await Eventually.TrueAsync(
            async () => (await user.GetJsonAsync("/v1/uploads")).GetProperty("uploads").GetArrayLength() == 0, Soon, () => "a session stays open");
        Assert.Equal(0, (await user.GetJsonAsync("/v1/files")).GetProperty("entries").GetArrayLength());
    }

    [Theory]
    [InlineData("zz\r\nabc\r\n")]
    [InlineData("ffffffffffffffffff\r\nabc")]
    [InlineData("-1\r\n\r\n")]
    public async Task Malformed_chunk_makes_no_file(string body)
    {
        using var user = await fixture.SignUpAsync();
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SendHeadAsync(user, "POST /v1/files?name=chunks", "Transfer-Encoding: chunked");
        await client.SendAsync(body);
        Assert.Equal(400, await client.StatusAsync());
        Assert.Equal(0, (await user.GetJsonAsync("/v1/files")).GetProperty("entries").GetArrayLength());
    }

    [Theory]
    [InlineData("garbage\r\n\r\n")]
    [InlineData("GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/9.9\r\nHost: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n")]
    public async Task Malformed_request_is_refused_by_the_parser(string request)
    {
        using var client = await RawClient.ConnectAsync(fixture.Address);
        await client.SendAsync(request);
        Assert.Contains(await client.StatusAsync(), new[] { 400, 505 });
    }

    [Fact]
    public async Task Oversized_headers_are_431_and_oversized_paths_414()
    {
        using var headers = await RawClient.ConnectAsync(fixture.Address);
        await headers.SendAsync($"GET / HTTP/1.1\r\nHost: x\r\nX-Large: {new string('x', 40_000)}\r\n\r\n");
        Assert.Equal(431, await headers.StatusAsync());
        using var path = await RawClient.ConnectAsync(fixture.Address);
        await path.SendAsync($"GET /{new string('x', 40_000)} HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.Equal(414, await path.StatusAsync());
    }

    [Fact]
    public async Task Download_of_a_client_that_vanishes_harms_nobody()
    {
        using var user = await fixture.SignUpAsync();
        var content = Encoding.ASCII.GetBytes(new string('x', 20_000_000));
        var file = await user.PutFileAsync("large", content);
        for (var i = 0; i < 5; i++)
        {
            using var client = await RawClient.ConnectAsync(fixture.Address);
            await client.SendHeadAsync(user, $"GET /v1/files/{IdOf(file)}/content");
            Assert.Equal(200, await client.StatusAsync());
            client.Reset();
        }

        Assert.Equal(content, await user.Http.GetByteArrayAsync($"/v1/files/{IdOf(file)}/content"));
    }
}
