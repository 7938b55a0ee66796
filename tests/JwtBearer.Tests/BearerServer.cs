using System.Net.Http.Headers;
using Microsoft.AspNetCore.Authentication.JwtBearer;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>A web server on a free loopback port whose routes need a token.</summary>
internal sealed class BearerServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private BearerServer(WebApplication app, HttpClient client)
    {
        _app = app;
        Client = client;
    }

    public HttpClient Client { get; }

    public static async Task<BearerServer> StartAsync(Action<JwtBearerOptions>? configure = null, Action<WebApplication>? map = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrel().UseUrls("http://127.0.0.1:0");
        builder.Services.AddAuthentication(JwtBearerDefaults.AuthenticationScheme).AddJwtBearer(options =>
        {
            options.MapInboundClaims = false;
            options.TokenValidationParameters = Tokens.Parameters(SecurityAlgorithms.HmacSha256);
            configure?.Invoke(options);
        });
        builder.Services.AddAuthorizationBuilder()
            .AddPolicy("admin", policy => policy.RequireClaim("role", "admin"));

        var app = builder.Build();
        app.UseAuthentication();
        app.UseAuthorization();
        app.MapGet("/me", (HttpContext context) => context.User.FindFirst(JwtRegisteredClaimNames.Sub)?.Value ?? "none")
            .RequireAuthorization();
        app.MapGet("/admin", () => "admin").RequireAuthorization("admin");
        app.MapGet("/open", (HttpContext context) => context.User.Identity?.IsAuthenticated == true ? "known" : "anonymous");
        map?.Invoke(app);
        await app.StartAsync();
        var address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return new BearerServer(app, new HttpClient { BaseAddress = new Uri(address) });
    }

    /// <summary>A GET with the header <c>Authorization</c> exactly as given; null: without it.</summary>
    public Task<HttpResponseMessage> GetAsync(string path, string? authorization)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        return Client.SendAsync(request);
    }

    /// <summary>The one challenge of a response.</summary>
    public static AuthenticationHeaderValue Challenge(HttpResponseMessage response) => Assert.Single(response.Headers.WwwAuthenticate);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
