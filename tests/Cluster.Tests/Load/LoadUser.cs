using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;

namespace GrainVault.Cluster.Tests.Load;

/// <summary>An account that several clients share.</summary>
internal sealed class LoadUser
{
    /// <summary>Access tokens live for a quarter of an hour; a fault with its checks takes a few minutes.</summary>
    private static readonly TimeSpan RenewAfter = TimeSpan.FromMinutes(5);

    private readonly object _credentials = new { email = $"{Guid.NewGuid():n}@cluster.example", password = "correct horse battery staple" };
    private Stopwatch _age = new();

    private LoadUser()
    {
    }

    public string AccessToken { get; private set; } = "";

    public static async Task<LoadUser> SignUpAsync(VaultClient client)
    {
        var user = new LoadUser();
        await user.SendAsync(client, "/v1/auth/signup", HttpStatusCode.Created);
        return user;
    }

    /// <summary>Logs in again when that is due.</summary>
    public Task RenewAsync(VaultClient client) =>
        _age.Elapsed < RenewAfter ? Task.CompletedTask : SendAsync(client, "/v1/auth/login", HttpStatusCode.OK);

    private async Task SendAsync(VaultClient client, string path, HttpStatusCode expected)
    {
        var answer = await client.SendAsync(() => new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(_credentials) });
        AccessToken = answer.Expect(expected).Json["accessToken"]!.GetValue<string>();
        _age = Stopwatch.StartNew();
    }
}
