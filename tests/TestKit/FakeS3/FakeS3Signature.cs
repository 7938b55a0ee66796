using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace GrainVault.TestKit.FakeS3;

/// <summary>Checks AWS Signature Version 4, in the header or in the query, as a real server does.</summary>
internal static class FakeS3Signature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";
    private const string DateFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Throws what a server answers to a request that is not signed by the one key it knows.</summary>
    /// <returns>The hash that the body must have; null when it is not signed.</returns>
    public static string? Check(HttpRequest request, FakeS3Call call, DateTimeOffset now)
    {
        var isPresigned = call["X-Amz-Signature"] is not null;
        var claim = isPresigned ? FromQuery(call) : FromHeader(request);
        if (claim.AccessKey != FakeS3Server.AccessKey)
            throw new FakeS3Error(403, "InvalidAccessKeyId");
        if (isPresigned && now > claim.SignedAt.AddSeconds(long.Parse(call["X-Amz-Expires"] ?? "0", CultureInfo.InvariantCulture)))
            throw new FakeS3Error(403, "AccessDenied", "Request has expired");
        var payload = isPresigned ? "UNSIGNED-PAYLOAD" : request.Headers["x-amz-content-sha256"].ToString();
        var expected = SignatureOf(request, call, claim, payload);
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.ASCII.GetBytes(claim.Signature)))
            throw new FakeS3Error(403, "SignatureDoesNotMatch");
        if (payload.StartsWith("STREAMING-", StringComparison.Ordinal))
            throw new FakeS3Error(501, "NotImplemented", "Streaming signatures are not known here.");
        return payload == "UNSIGNED-PAYLOAD" ? null : payload;
    }

    private static Claim FromQuery(FakeS3Call call) => NewClaim(
        call["X-Amz-Credential"] ?? "", call["X-Amz-SignedHeaders"] ?? "", call["X-Amz-Signature"] ?? "", call["X-Amz-Date"] ?? "");

    private static Claim FromHeader(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (!authorization.StartsWith(Algorithm, StringComparison.Ordinal))
            throw new FakeS3Error(403, "AccessDenied", "The request is not signed.");
        var fields = authorization[Algorithm.Length..].Split(',', StringSplitOptions.TrimEntries).Select(field => field.Split('=', 2)).ToDictionary(field => field[0], field => field[1]);
        return NewClaim(fields["Credential"], fields["SignedHeaders"], fields["Signature"], request.Headers["x-amz-date"].ToString());
    }

    private static Claim NewClaim(string credential, string signedHeaders, string signature, string date)
    {
        var scope = credential.Split('/', 2);
        return DateTimeOffset.TryParseExact(date, DateFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var signedAt) && scope.Length == 2
            ? new Claim(scope[0], scope[1], signedHeaders, signature, date, signedAt)
            : throw new FakeS3Error(403, "AuthorizationHeaderMalformed");
    }

    private static string SignatureOf(HttpRequest request, FakeS3Call call, Claim claim, string payload)
    {
        var names = claim.SignedHeaders.Split(';');
        var canonical = new StringBuilder()
            .Append(request.Method).Append('\n')
            .Append('/').Append(Encode(call.Bucket)).Append(call.Key.Length > 0 ? "/" + Encode(call.Key).Replace("%2F", "/", StringComparison.Ordinal) : PathEnd(request)).Append('\n')
            .AppendJoin('&', call.Query.Where(pair => pair.Name != "X-Amz-Signature").Select(pair => $"{Encode(pair.Name)}={Encode(pair.Value)}").Order(StringComparer.Ordinal)).Append('\n');
        foreach (var name in names)
            canonical.Append(name).Append(':').Append(request.Headers[name].ToString().Trim()).Append('\n');
        canonical.Append('\n').Append(claim.SignedHeaders).Append('\n').Append(payload);
        var text = $"{Algorithm}\n{claim.Date}\n{claim.Scope}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical.ToString())))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + FakeS3Server.SecretKey);
        foreach (var piece in claim.Scope.Split('/'))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(piece));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)));
    }

    /// <summary>Clients sign <c>/bucket</c> or <c>/bucket/</c>, as they send it.</summary>
    private static string PathEnd(HttpRequest request) => request.Path.Value!.EndsWith('/') ? "/" : "";

    private static string Encode(string text) => Uri.EscapeDataString(text);

    private sealed record Claim(string AccessKey, string Scope, string SignedHeaders, string Signature, string Date, DateTimeOffset SignedAt);
}
