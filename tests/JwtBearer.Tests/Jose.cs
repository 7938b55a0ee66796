using System.Buffers.Text;
using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>The npm package jose, an implementation with nothing in common with ours; installed on first use.</summary>
public sealed class Jose : IAsyncLifetime
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(1);

    private static readonly string Folder = typeof(Jose).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
        .Single(attribute => attribute.Key == "JoseFolder").Value!;

    private static readonly Lazy<Task> Installed = new(InstallAsync);

    public Task InitializeAsync() => Installed.Value;

    public Task DisposeAsync() => Task.CompletedTask;

    /// <summary>Has jose do everything asked, in one process.</summary>
    public static async Task<JsonArray> AskAsync(params JsonObject[] requests)
    {
        var input = new JsonArray([.. requests]).ToJsonString();
        return JsonNode.Parse(await RunAsync("node", ["interop.mjs"], input, RunTimeout))!.AsArray();
    }

    /// <summary>A request to sign.</summary>
    public static JsonObject Sign(string algorithm, JsonObject jwk, string? keyId, JsonObject claims) => new()
    {
        ["action"] = "sign",
        ["alg"] = algorithm,
        ["jwk"] = jwk,
        ["header"] = keyId is null ? [] : new JsonObject { ["kid"] = keyId, ["typ"] = "JWT" },
        ["claims"] = claims,
    };

    /// <summary>A request to verify.</summary>
    public static JsonObject Verify(string algorithm, string token) => new()
    {
        ["action"] = "verify",
        ["alg"] = algorithm,
        ["jwk"] = Jwk(algorithm, includePrivate: false),
        ["token"] = token,
        ["issuer"] = Tokens.Issuer,
        ["audience"] = Tokens.Audience,
    };

    /// <summary>Claims that every rule accepts.</summary>
    public static JsonObject Claims() => JsonNode.Parse(Tokens.PayloadWith(",\"roles\":[\"a\",\"b\"],\"flag\":true,\"note\":\"\u00e9 \U0001F600\""))!.AsObject();

    /// <summary>The key of the tests for an algorithm as a JSON Web Key (RFC 7517).</summary>
    public static JsonObject Jwk(string algorithm, bool includePrivate = true) => algorithm switch
    {
        SecurityAlgorithms.HmacSha256 => new JsonObject { ["kty"] = "oct", ["k"] = Encode(Keys.Hmac.Key) },
        SecurityAlgorithms.RsaSha256 => RsaJwk(Keys.RsaPair.ExportParameters(includePrivate)),
        SecurityAlgorithms.EcdsaSha256 => EcJwk("P-256", Keys.EcPair.ExportParameters(includePrivate)),
        _ => throw new ArgumentOutOfRangeException(nameof(algorithm)),
    };

    public static JsonObject EcJwk(string curve, ECParameters key)
    {
        var jwk = new JsonObject { ["kty"] = "EC", ["crv"] = curve, ["x"] = Encode(key.Q.X), ["y"] = Encode(key.Q.Y) };
        if (key.D is not null)
            jwk["d"] = Encode(key.D);
        return jwk;
    }

    private static JsonObject RsaJwk(RSAParameters key)
    {
        var jwk = new JsonObject { ["kty"] = "RSA", ["n"] = Encode(key.Modulus), ["e"] = Encode(key.Exponent) };
        if (key.D is null)
            return jwk;
        jwk["d"] = Encode(key.D);
        jwk["p"] = Encode(key.P);
        jwk["q"] = Encode(key.Q);
        jwk["dp"] = Encode(key.DP);
        jwk["dq"] = Encode(key.DQ);
        jwk["qi"] = Encode(key.InverseQ);
        return jwk;
    }

    private static string Encode(byte[]? bytes) => Base64Url.EncodeToString(bytes);

    private static async Task InstallAsync()
    {
        if (!File.Exists(Path.Combine(Folder, "node_modules", "jose", "package.json")))
            await RunAsync("npm", ["ci", "--ignore-scripts"], "", InstallTimeout);
    }

    private static async Task<string> RunAsync(string program, string[] arguments, string input, TimeSpan timeout)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = Folder,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using var deadline = new CancellationTokenSource(timeout);
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            var errors = process.StandardError.ReadToEndAsync(deadline.Token);
            await process.StandardInput.WriteAsync(input.AsMemory(), deadline.Token);
            process.StandardInput.Close();
            await process.WaitForExitAsync(deadline.Token);
            Assert.True(process.ExitCode == 0, $"{program} ended with {process.ExitCode}: {await errors}");
            return await output;
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }
}
