using System.Buffers;
using System.Globalization;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.Features;

namespace GrainVault.Api.Http;

/// <summary>
/// Refuses targets whose escapes are no UTF-8 (RFC 3986, section 2.5): what the framework can't decode it leaves as it is, so that a file
/// would be named after the escapes themselves.
/// </summary>
internal sealed class EscapesMiddleware(RequestDelegate next)
{
    /// <summary>Longest target that is decoded on the stack, in characters.</summary>
    private const int StackLengthMax = 512;

    public Task InvokeAsync(HttpContext context)
    {
        var target = context.Features.Get<IHttpRequestFeature>()!.RawTarget;
        return AreUtf8(target)
            ? next(context)
            : new Problem(ProblemTypes.BadRequest, "The escapes in the path or the query of the request are not UTF-8.").ExecuteAsync(context);
    }

    /// <summary>True when what is escaped in a target, with what stands between, is UTF-8. A percent sign that begins no escape stands for itself.</summary>
    internal static bool AreUtf8(ReadOnlySpan<char> target)
    {
        if (!target.Contains('%'))
            return true;
        byte[]? rented = null;
        var bytes = target.Length <= StackLengthMax ? stackalloc byte[StackLengthMax] : rented = ArrayPool<byte>.Shared.Rent(target.Length);
        var length = 0;
        for (var i = 0; i < target.Length; i++)
        {
            if (target[i] == '%' && i + 2 < target.Length && byte.TryParse(target[(i + 1)..(i + 3)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
            {
                bytes[length++] = value;
                i += 2;
            }
            else
            {
                // What is not ASCII comes escaped: it only ends what stands before it.
                bytes[length++] = char.IsAscii(target[i]) ? (byte)target[i] : (byte)'?';
            }
        }

        var isUtf8 = Utf8.IsValid(bytes[..length]);
        if (rented is not null)
            ArrayPool<byte>.Shared.Return(rented);
        return isUtf8;
    }
}
