using System.Text;
using System.Text.Json;
using GrainVault.Api.Http;
using GrainVault.Api.Uploads;
using GrainVault.Uploads;

namespace GrainVault.Api.Tests.Http;

public sealed class JsonBodyTests
{
    [Fact]
    public void Members_are_read()
    {
        var request = Parse("""{"name":"a","size":9223372036854775807,"mode":"direct","onConflict":"rename"}""")!;
        Assert.Equal(("a", long.MaxValue, UploadMode.Direct), (request.Name, request.Size, request.Mode));
    }

    [Theory]
    [InlineData("""{"size":1,"nmae":"a"}""", "/nmae", "not known")]
    [InlineData("""{"size":1,"size":2}""", "/size", "more than once")]
    [InlineData("""{"name":"a"}""", "", "'size'")]
    [InlineData("""{"size":null}""", "/size", "wrong type")]
    [InlineData("""{"size":"1"}""", "/size", "wrong type")]
    [InlineData("""{"size":1e3}""", "/size", "wrong type")]
    [InlineData("""{"size":1.0}""", "/size", "wrong type")]
    [InlineData("""{"size":9223372036854775808}""", "/size", "wrong type")]
    [InlineData("""{"size":1,"mode":"proxied,direct"}""", "/mode", "wrong type")]
    [InlineData("""{"size":1,"mode":"DIRECT"}""", "/mode", "wrong type")]
    [InlineData("""{"size":1,"mode":2}""", "/mode", "wrong type")]
    [InlineData("""{"size":1,"name":["a"]}""", "/name", "wrong type")]
    [InlineData("""{"size":1,"name":"\ud800"}""", "/name", "wrong type")]
    [InlineData("""{"Size":1}""", "/Size", "not known")]
    [InlineData("[]", "", "must be a JSON object")]
    [InlineData("7", "", "must be a JSON object")]
    [InlineData("", "", "well-formed")]
    [InlineData("{", "", "well-formed")]
    [InlineData("""{"size":1}x""", "", "well-formed")]
    [InlineData("""{"size":1,}""", "", "well-formed")]
    [InlineData("""{"size":1} {}""", "", "well-formed")]
    public void Wrong_body_is_refused_with_its_member(string json, string pointer, string detail)
    {
        var problem = Assert.Throws<ProblemException>(() => Parse(json)).Problem;
        Assert.Equal(400, problem.StatusCode);
        Assert.Equal(pointer, problem.Pointer);
        Assert.Contains(detail, problem.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("GrainVault.", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void Deep_nesting_is_refused(char open)
    {
        var nested = open == '[' ? new string('[', 5000) : string.Concat(Enumerable.Repeat("{\"a\":", 5000));
        Assert.Throws<ProblemException>(() => Parse("{\"size\":" + nested));
        Assert.Throws<ProblemException>(() => Parse(nested));
    }

    [Theory]
    [InlineData("$", "")]
    [InlineData("$.parts[0].etag", "/parts/0/etag")]
    [InlineData("$['a.b/c~d'].x", "/a.b~1c~0d/x")]
    [InlineData(null, "")]
    public void Path_of_the_reader_becomes_a_json_pointer(string? path, string pointer) => Assert.Equal(pointer, JsonProblems.PointerOf(path));

    [Fact]
    public void Echoed_member_name_is_bounded()
    {
        var problem = Assert.Throws<ProblemException>(() => Parse($$"""{"{{new string('x', 50_000)}}":1}""")).Problem;
        Assert.True(problem.Pointer!.Length <= 200);
        Assert.True(problem.Detail.Length <= 300);
    }

    private static CreateUploadRequest? Parse(string json)
    {
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(json), new JsonReaderOptions { MaxDepth = ApiJson.DepthMax });
        return JsonBodyReader.Parse(ref reader, ApiJson.Default.CreateUploadRequest);
    }
}
