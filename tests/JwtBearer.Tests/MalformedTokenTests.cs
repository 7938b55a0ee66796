using System.Buffers.Text;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace GrainVault.JwtBearer.Tests;

/// <summary>What is no token at all, with a good signature wherever one can be made: refused, and never an exception.</summary>
public sealed class MalformedTokenTests
{
    private static readonly string Good = Tokens.Create(SecurityAlgorithms.HmacSha256);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("token")]
    [InlineData(".")]
    [InlineData("..")]
    [InlineData("...")]
    [InlineData("....")]
    [InlineData("a.b")]
    [InlineData("a.b.c")]
    [InlineData("a.b.c.d")]
    [InlineData("a.b.c.d.e")]
    [InlineData("a.b.c.d.e.f")]
    [InlineData("é.é.é")]
    [InlineData("\0.\0.\0")]
    [InlineData("e30.e30.")]
    [InlineData("e30.e30.e30")]
    [InlineData("null.null.null")]
    public async Task Text_that_is_no_token_is_refused(string text)
        => await Tokens.AssertRefusedAsync<Exception>(text);

    [Fact]
    public async Task Missing_token_or_parameters_are_refused()
    {
        await Tokens.AssertRefusedAsync<ArgumentNullException>(null!);
        await Tokens.AssertRefusedAsync(Good, null!, typeof(ArgumentNullException));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("1")]
    [InlineData("\"alg\"")]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("{}}")]
    [InlineData("{\"alg\":\"HS256\",\"kid\":\"h1\"")]
    [InlineData("{'alg':'HS256','kid':'h1'}")]
    [InlineData("{alg:\"HS256\",kid:\"h1\"}")]
    [InlineData("{\"alg\":[\"HS256\"],\"kid\":\"h1\"}")]
    [InlineData("{\"alg\":null,\"kid\":\"h1\"}")]
    [InlineData("{\"alg\":256,\"kid\":\"h1\"}")]
    [InlineData("{\"alg\":{\"alg\":\"HS256\"},\"kid\":\"h1\"}")]
    [InlineData("{\"ALG\":\"HS256\",\"kid\":\"h1\"}")]
    public async Task Header_that_is_no_proper_JSON_object_is_refused(string header)
        => await Tokens.AssertRefusedAsync<Exception>(Tokens.Forge(header, Tokens.Payload));

    [Theory]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"joe\"")]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{PAYLOAD")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":01}")]
    [InlineData("{\"a\":'b'}")]
    [InlineData("{\"a\":\"\u0001\"}")]
    public async Task Payload_that_is_no_proper_JSON_object_is_refused(string payload)
        => await Tokens.AssertRefusedAsync<Exception>(Tokens.Forge(Tokens.HmacHeader, payload));

    [Theory]
    [InlineData(",\"nbf\":true")]
    [InlineData(",\"nbf\":[1]")]
    [InlineData(",\"nbf\":{}")]
    public async Task Time_that_is_no_number_is_refused(string member)
        => await Tokens.AssertRefusedAsync<Exception>(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(member)));

    [Theory]
    [InlineData("[", "]")]
    [InlineData("{\"a\":", "}")]
    public async Task Nesting_of_a_thousand_levels_is_refused(string open, string close)
    {
        var deep = string.Concat(Enumerable.Repeat(open, 1000)) + "1" + string.Concat(Enumerable.Repeat(close, 1000));

        await Tokens.AssertRefusedAsync<Exception>(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith($",\"deep\":{deep}")));
    }

    [Theory]
    [InlineData(' ')]
    [InlineData('\n')]
    [InlineData('\t')]
    [InlineData('%')]
    [InlineData('\0')]
    [InlineData('é')]
    [InlineData('\ud800')]
    public async Task Character_outside_the_alphabet_is_refused_in_every_part(char c)
    {
        foreach (var token in Spoil(Good, c))
            await Tokens.AssertRefusedAsync<Exception>(token);
    }

    [Fact]
    public async Task Text_around_a_good_token_is_refused()
    {
        foreach (var changed in new[] { " " + Good, Good + " ", Good + "\n", "Bearer " + Good, Good + "." + Good, Good + "," + Good, "." + Good, Good + "." })
            await Tokens.AssertRefusedAsync<Exception>(changed);
    }

    [Fact]
    public async Task Every_beginning_of_a_good_token_is_refused()
    {
        for (var length = 0; length < Good.Length; length++)
            await Tokens.AssertRefusedAsync<Exception>(Good[..length]);
    }

    [Fact]
    public async Task Encrypted_token_is_refused()
    {
        var header = Base64Url.EncodeToString("""{"alg":"dir","enc":"A256GCM","kid":"h1"}"""u8);

        await Tokens.AssertRefusedAsync<Exception>($"{header}..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA");
    }

    [Fact]
    public async Task Token_with_ten_thousand_claims_is_read_or_refused_without_an_exception()
    {
        var many = new StringBuilder();
        for (var i = 0; i < 10_000; i++)
            many.Append(",\"c").Append(i).Append("\":").Append(i);

        var result = await Tokens.ValidateAsync(Tokens.Forge(Tokens.HmacHeader, Tokens.PayloadWith(many.ToString())));

        Assert.True(result.IsValid, result.Exception?.ToString());
        Assert.Equal("9999", result.ClaimsIdentity.FindFirst("c9999")?.Value);
    }

    /// <summary>Tokens with a character at the end and in the middle of each part, also with a good signature over that.</summary>
    internal static IEnumerable<string> Spoil(string token, char c)
    {
        var parts = token.Split('.');
        for (var i = 0; i < parts.Length; i++)
        {
            foreach (var spoiled in new[] { parts[i] + c, parts[i][..4] + c + parts[i][4..] })
            {
                var changed = parts.ToArray();
                changed[i] = spoiled;
                yield return string.Join('.', changed);
                if (i < 2 && char.IsAscii(c))
                    yield return Tokens.Sign(changed[0] + "." + changed[1]);
            }
        }
    }
}
