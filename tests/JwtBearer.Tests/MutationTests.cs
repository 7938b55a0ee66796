using System.Buffers;
using System.Buffers.Text;
using Xunit.Abstractions;

namespace GrainVault.JwtBearer.Tests;

/// <summary>Random damage to good tokens. The seed is printed; set JWT_MUTATION_SEED to repeat a run.</summary>
public sealed class MutationTests(ITestOutputHelper output)
{
    private const int MutationCount = 10_000;
    private const string Characters = "ABCxyz019-_.=+/ \n\"{}\0\u00e9";

    [Fact]
    public async Task No_mutation_of_a_good_token_is_accepted_or_throws()
    {
        var seed = int.TryParse(Environment.GetEnvironmentVariable("JWT_MUTATION_SEED"), out var given) ? given : Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var good = Keys.Algorithms.ToDictionary(algorithm => algorithm, Tokens.Create);
        foreach (var (algorithm, token) in good)
        {
            var unchanged = await Tokens.ValidateAsync(token, algorithm);
            Assert.True(unchanged.IsValid, unchanged.Exception?.ToString());
        }

        var tried = 0;
        while (tried < MutationCount)
        {
            // Mostly HMAC: it is what the front end uses, and a hundred times cheaper to check.
            var algorithm = Keys.Algorithms[Math.Max(0, random.Next(20) - 17)];
            var token = Mutate(random, good[algorithm], good);
            if (SameMeaning(token, good[algorithm]))
                continue;
            tried++;

            var result = await Tokens.ValidateAsync(token, algorithm);

            Assert.False(result.IsValid, $"seed {seed}: accepted {token}");
            Assert.NotNull(result.Exception);
        }
    }

    /// <summary>Whether the signed text is the same and the signature is another spelling of the same bytes.</summary>
    private static bool SameMeaning(string mutated, string good)
    {
        var dot = good.LastIndexOf('.') + 1;
        if (!mutated.StartsWith(good[..dot], StringComparison.Ordinal) || mutated.Length != good.Length)
            return mutated == good;
        var bytes = new byte[512];
        return Base64Url.DecodeFromChars(mutated.AsSpan(dot), bytes, out _, out var written) == OperationStatus.Done
            && Base64Url.DecodeFromChars(good.AsSpan(dot)).AsSpan().SequenceEqual(bytes.AsSpan(0, written));
    }

    private static string Mutate(Random random, string token, Dictionary<string, string> good)
    {
        var rounds = random.Next(1, 4);
        for (var i = 0; i < rounds; i++)
            token = MutateOnce(random, token, good);
        return token;
    }

    private static string MutateOnce(Random random, string token, Dictionary<string, string> good)
    {
        var at = random.Next(Math.Max(1, token.Length));
        var size = Math.Min(random.Next(1, 12), token.Length - at);
        switch (random.Next(8))
        {
            case 0:
                return token[..at] + Characters[random.Next(Characters.Length)] + token[Math.Min(token.Length, at + 1)..];
            case 1:
                return token[..at] + Characters[random.Next(Characters.Length)] + token[at..];
            case 2:
                return token[..at] + token[(at + Math.Max(0, size))..];
            case 3:
                return token[..at] + token.Substring(at, Math.Max(0, size)) + token[at..];
            case 4:
                return token[..at];
            case 5:
                return token[at..] + token[..at];
            case 6:
                return FlipBit(random, token);
            default:
                var parts = token.Split('.');
                var others = good[Keys.Algorithms[random.Next(Keys.Algorithms.Length)]].Split('.');
                parts[random.Next(parts.Length)] = others[random.Next(others.Length)];
                return string.Join('.', parts);
        }
    }

    /// <summary>Flips one bit of the decoded bytes of one part, so that the result is well-formed base64url.</summary>
    private static string FlipBit(Random random, string token)
    {
        var parts = token.Split('.');
        var index = random.Next(parts.Length);
        var bytes = new byte[parts[index].Length];
        if (Base64Url.DecodeFromChars(parts[index], bytes, out _, out var written) != OperationStatus.Done || written == 0)
            return token;
        bytes[random.Next(written)] ^= (byte)(1 << random.Next(8));
        parts[index] = Base64Url.EncodeToString(bytes.AsSpan(0, written));
        return string.Join('.', parts);
    }
}
