using GrainVault.Api.Archives;

namespace GrainVault.Api.Tests.Archives;

public sealed class ZipNamesTests
{
    [Theory]
    [InlineData("plain.txt", "plain.txt")]
    [InlineData("報告 é 😀.txt", "報告 é 😀.txt")]
    [InlineData("..\\..\\etc\\passwd", ".._.._etc_passwd")]
    [InlineData("C:", "C_")]
    [InlineData("a*b?c\"d<e>f|g", "a_b_c_d_e_f_g")]
    [InlineData("...", "___")]
    [InlineData("dot.", "dot_")]
    [InlineData("space ", "space_")]
    [InlineData("con", "_con")]
    [InlineData("Aux.tar.gz", "_Aux.tar.gz")]
    [InlineData("lpt¹ .txt", "_lpt¹ .txt")]
    [InlineData("console", "console")]
    [InlineData(".hidden", ".hidden")]
    [InlineData("-rf", "-rf")]
    public void Name_is_one_that_every_system_can_write(string name, string expected) => Assert.Equal(expected, new ZipNames().Add(name));

    [Fact]
    public void Names_of_a_folder_are_unique_whatever_their_case_and_form()
    {
        var names = new ZipNames();
        Assert.Equal(
            ["a_b.txt", "a_b (1).txt", "A_B (2).txt", "a_b (1) (1).txt", "é", "E\u0301 (1)", "x", "x (1)", ".x", ".x (1)"],
            ((string[])["a:b.txt", "a?b.txt", "A_B.txt", "a_b (1).txt", "é", "E\u0301", "x", "x", ".x", ".x"]).Select(names.Add));
    }
}
